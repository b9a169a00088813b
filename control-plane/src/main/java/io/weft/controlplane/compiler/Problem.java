package io.weft.controlplane.compiler;

import io.weft.controlplane.model.ObjectKey;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * An object that is not in force, completely or in part, and why.
 *
 * @param text one line that names the object
 */
public record Problem(ObjectKey object, String text) {

    /** One line per object with its phrases, each once, in order. */
    static List<Problem> of(Map<ObjectKey, ? extends Collection<String>> phrases) {
        return new TreeMap<>(phrases).entrySet().stream()
            .filter(entry -> !entry.getValue().isEmpty())
            .map(entry -> new Problem(entry.getKey(),
                entry.getKey() + ": " + String.join("; ", entry.getValue().stream().distinct().toList())))
            .toList();
    }

    @Override
    public String toString() {
        return text;
    }
}
