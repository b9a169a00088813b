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
 * A scalar as kubectl reads it, by YAML 1.1: {@code 0x50}, {@code 0120}, {@code 1_000} and {@code 8e1} are numbers, {@code on} and {@code y}
 * are booleans, and a value in quotes is text. (go-yaml v2, resolve.go.)
 */
record YamlScalar(ScalarNode node) implements ObjectTree.Scalar {
    private static final Pattern TRUE = Pattern.compile("y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON");
    private static final Pattern FALSE = Pattern.compile("n|N|no|No|NO|false|False|FALSE|off|Off|OFF");
    private static final Pattern WHOLE = Pattern
        .compile("([-+]?)(?:0[xX]([0-9a-fA-F]+)|0b([01]+)|0o?([0-7]+)|(0|[1-9][0-9]*))");
    private static final Pattern FRACTION = Pattern
        .compile("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?");
    private static final int LONGEST_NUMBER = 40;

    @Override
    public String text() {
        return node.getValue();
    }

    @Override
    public boolean isQuoted() { return !node.isPlain(); }

    @Override
    public Optional<Boolean> flag() {
        if (!isPlain() && !isTagged(Tag.BOOL)) { return Optional.empty(); }
        if (TRUE.matcher(text()).matches()) { return Optional.of(true); }
        return FALSE.matcher(text()).matches() ? Optional.of(false) : Optional.empty();
    }

    @Override
    public Optional<Long> integer() {
        if (!isPlain() && !isTagged(Tag.INT) && !isTagged(Tag.FLOAT)) { return Optional.empty(); }
        return number().flatMap(YamlScalar::whole);
    }

    /** Whether it is text: an unquoted number or boolean is not. */
    @Override
    public boolean isText() {
        if (!isPlain()) { return isTagged(Tag.STR) || !hasForeignTag(); }
        return number().isEmpty() && flag().isEmpty();
    }

    private Optional<BigDecimal> number() {
        String text = node.getValue().replace("_", "");
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

    /** Whether it has neither quotes nor an explicit tag. */
    private boolean isPlain() {
        return node.isPlain() && node.getTag().equals(Tag.STR);
    }

    private boolean isTagged(Tag tag) {
        return node.getTag().equals(tag);
    }

    private boolean hasForeignTag() {
        return isTagged(Tag.INT) || isTagged(Tag.FLOAT) || isTagged(Tag.BOOL);
    }
}
