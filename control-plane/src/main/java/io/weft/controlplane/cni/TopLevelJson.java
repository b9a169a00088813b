package io.weft.controlplane.cni;

/**
 * The JSON that the plug-in needs: string members of the outermost object, and quoting. It uses no library, so that the plug-in starts
 * fast.
 */
final class TopLevelJson {
    private static final int HEX = 16;

    private TopLevelJson() {
    }

    /** @return the string value of a member of the outermost object, or {@code absent} */
    static String text(String json, String name, String absent) {
        int depth = 0;
        for (int i = 0; i < json.length(); i++) {
            switch (json.charAt(i)) {
                case '{', '[' -> depth++;
                case '}', ']' -> depth--;
                case '"' -> {
                    int end = closingQuote(json, i);
                    int colon = skipBlanks(json, end + 1);
                    if (depth == 1 && colon < json.length() && json.charAt(colon) == ':'
                        && unquote(json, i, end).equals(name)) {
                        return value(json, skipBlanks(json, colon + 1), absent);
                    }
                    i = end;
                }
                default -> {}
            }
        }
        return absent;
    }

    static String quote(String text) {
        StringBuilder quoted = new StringBuilder(text.length() + 16).append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"', '\\' -> quoted.append('\\').append(c);
                default -> {
                    if (c < ' ') {
                        quoted.append("\\u00").append(Character.forDigit(c >> 4, HEX))
                            .append(Character.forDigit(c & 0xF, HEX)); // String.format would take 20 ms to load
                    } else {
                        quoted.append(c);
                    }
                }
            }
        }
        return quoted.append('"').toString();
    }

    private static String value(String json, int at, String absent) {
        return at < json.length() && json.charAt(at) == '"' ? unquote(json, at, closingQuote(json, at)) : absent;
    }

    private static int closingQuote(String json, int open) {
        int i = open + 1;
        while (i < json.length() && json.charAt(i) != '"') {
            i += json.charAt(i) == '\\' ? 2 : 1;
        }
        return Math.min(i, json.length());
    }

    private static int skipBlanks(String json, int from) {
        int i = from;
        while (i < json.length() && Character.isWhitespace(json.charAt(i))) {
            i++;
        }
        return i;
    }

    /** Handles simple escapes; paths and versions have no others. */
    private static String unquote(String json, int open, int close) {
        String inner = json.substring(Math.min(open + 1, close), close);
        return inner.indexOf('\\') < 0 ? inner : inner.replaceAll("\\\\(.)", "$1");
    }
}
