package io.weft.perf.micro;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A duration such as {@code 90s}, {@code 10m} or {@code 2h}. */
public final class TimeSpan implements ITypeConverter<Long> {
    private static final Pattern TEXT = Pattern.compile("([1-9][0-9]{0,5})([smh])");

    /** @return milliseconds */
    @Override
    public Long convert(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new TypeConversionException("\"" + text + "\" is not a duration such as 90s or 10m");
        }
        long unit = switch (matcher.group(2)) {
            case "s" -> 1_000;
            case "m" -> 60_000;
            default -> 3_600_000;
        };
        return Long.parseLong(matcher.group(1)) * unit;
    }
}
