package io.weft.controlplane.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A static route in the words of {@code ip route}: {@code PREFIX via ADDRESS}, {@code PREFIX node NAME}, or {@code blackhole PREFIX} (or
 * {@code unreachable}, {@code prohibit}; the type may follow the prefix too).
 *
 * @param prefix {@code ADDRESS/LENGTH}
 * @param members of the request's body
 */
record StaticRouteArguments(String prefix, Map<String, String> members) {
    static final String FORM = "PREFIX via ADDRESS, PREFIX node NAME, or blackhole|unreachable|prohibit PREFIX";
    private static final Set<String> WITH_TARGET = Set.of("via", "node");
    private static final Set<String> WITHOUT_TARGET = Set.of("blackhole", "unreachable", "prohibit");

    /** @throws IllegalArgumentException one line, if the words are no route */
    static StaticRouteArguments of(List<String> words) {
        List<String> left = new ArrayList<>(words);
        Map<String, String> members = new LinkedHashMap<>();
        for (String word : words) {
            if (WITHOUT_TARGET.contains(word) && members.isEmpty()) {
                members.put("type", word);
                left.remove(word);
            }
        }
        if (members.isEmpty() && left.size() == 3 && WITH_TARGET.contains(left.get(1))) {
            members.put("type", left.get(1));
            members.put("target", left.get(2));
            left = left.subList(0, 1);
        }
        if (members.isEmpty() || left.size() != 1) {
            throw new IllegalArgumentException("\"" + String.join(" ", words) + "\" is no route; write " + FORM);
        }
        return new StaticRouteArguments(prefix(left.getFirst()), members);
    }

    /** An address alone is a prefix of 32 bits, as for {@code ip route}. */
    static String prefix(String text) {
        if (text.equals("default")) { return "0.0.0.0/0"; }
        return text.contains("/") ? text : text + "/32";
    }

    /** The path of its resource. */
    static String path(String prefix) {
        String[] parts = prefix.split("/", 2);
        return Names.path("static-routes", parts[0], parts[1]);
    }
}
