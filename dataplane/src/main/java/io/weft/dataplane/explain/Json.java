package io.weft.dataplane.explain;

import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Writes JSON (RFC 8259). For the commands on the dataplane's class path, which has no library for that. Cold code. */
public final class Json {
    private Json() {
    }

    public static <T> String list(List<T> all, Function<T, String> format) {
        return all.stream().map(format).collect(Collectors.joining(",", "[", "]"));
    }

    /** A string (section 7). */
    public static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.chars().forEach(c -> {
            if (c == '"' || c == '\\') {
                quoted.append('\\').append((char) c);
            } else if (c < ' ') {
                quoted.append(String.format(Locale.ROOT, "\\u%04x", c));
            } else {
                quoted.append((char) c);
            }
        });
        return quoted.append('"').toString();
    }
}
