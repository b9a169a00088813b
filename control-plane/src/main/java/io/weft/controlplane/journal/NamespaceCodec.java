package io.weft.controlplane.journal;

import io.weft.controlplane.model.Namespace;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Namespaces in the journal. */
final class NamespaceCodec {
    private NamespaceCodec() {
    }

    static void write(Namespace namespace, JournalOutput out) {
        out.text(namespace.name());
        out.list(List.copyOf(new TreeMap<>(namespace.labels()).entrySet()), label -> {
            out.text(label.getKey());
            out.text(label.getValue());
        });
    }

    static Namespace read(JournalInput in) {
        return new Namespace(in.text(), in.list(() -> Map.entry(in.text(), in.text())).stream()
            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
    }
}
