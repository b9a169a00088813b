package io.weft.controlplane.source;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * What a scalar means to kubectl, whose reader follows YAML 1.1: {@code 0x50}, {@code 0120}, {@code 1_000} and {@code 8e1} are numbers,
 * {@code on} and {@code y} truth values, and what stands in quotes is text. (go-yaml v2, resolve.go.)
 */
final class YamlScalar {
    private static final Pattern TRUE = Pattern.compile("y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON");
    private static final Pattern FALSE = Pattern.compile("n|N|no|No|NO|false|False|FALSE|off|Off|OFF");
    private static final Pattern WHOLE = Pattern
        .compile("([-+]?)(?:0[xX]([0-9a-fA-F]+)|0b([01]+)|0o?([0-7]+)|(0|[1-9][0-9]*))");
    private static final Pattern FRACTION = Pattern
        .compile("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?");
    private static final int LONGEST_NUMBER = 40;

    private YamlScalar() {
    }

    /** True, false, or empty for anything else. */
    static Optional<Boolean> flag(ScalarNode scalar) {
        if (!isPlain(scalar) && !isTagged(scalar, Tag.BOOL)) { return Optional.empty(); }
        if (TRUE.matcher(scalar.getValue()).matches()) { return Optional.of(true); }
        return FALSE.matcher(scalar.getValue()).matches() ? Optional.of(false) : Optional.empty();
    }

    /** A whole number, or empty for anything else. */
    static Optional<Long> integer(ScalarNode scalar) {
        if (!isPlain(scalar) && !isTagged(scalar, Tag.INT) && !isTagged(scalar, Tag.FLOAT)) { return Optional.empty(); }
        return number(scalar).flatMap(YamlScalar::whole);
    }

    /** Whether it is text, and not a number or truth value for want of quotes. */
    static boolean isText(ScalarNode scalar) {
        if (!isPlain(scalar)) { return isTagged(scalar, Tag.STR) || !hasForeignTag(scalar); }
        return number(scalar).isEmpty() && flag(scalar).isEmpty();
    }

    private static Optional<BigDecimal> number(ScalarNode scalar) {
        String text = scalar.getValue().replace("_", "");
        if (text.length() > LONGEST_NUMBER) { return Optional.empty(); }
        Matcher whole = WHOLE.matcher(text);
        if (whole.matches()) {
            for (int group = 2; group <= 5; group++) {
                if (whole.group(group) != null) {
                    BigDecimal value = new BigDecimal(
                        new BigInteger(whole.group(group), new int[]{16, 2, 8, 10}[group - 2]));
                    return Optional.of(whole.group(1).equals("-") ? value.negate() : value);
                }
            }
        }
        return FRACTION.matcher(text).matches() ? Optional.of(new BigDecimal(text.toLowerCase(Locale.ROOT)))
            : Optional.empty();
    }

    private static Optional<Long> whole(BigDecimal value) {
        try {
            return Optional.of(value.longValueExact());
        } catch (ArithmeticException e) {
            return Optional.empty();
        }
    }

    /** Neither in quotes nor with a tag of its own. */
    private static boolean isPlain(ScalarNode scalar) {
        return scalar.isPlain() && scalar.getTag().equals(Tag.STR);
    }

    private static boolean isTagged(ScalarNode scalar, Tag tag) {
        return scalar.getTag().equals(tag);
    }

    private static boolean hasForeignTag(ScalarNode scalar) {
        return isTagged(scalar, Tag.INT) || isTagged(scalar, Tag.FLOAT) || isTagged(scalar, Tag.BOOL);
    }
}
