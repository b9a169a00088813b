package io.weft.controlplane.model;

/** Identifies a cluster object; {@code namespace} is empty for Nodes, Namespaces and ServiceCIDRs. */
public record ObjectKey(Kind kind, String namespace, String name) implements Comparable<ObjectKey> {
    @Override
    public int compareTo(ObjectKey other) {
        int byKind = kind.compareTo(other.kind);
        int byNamespace = byKind != 0 ? byKind : namespace.compareTo(other.namespace);
        return byNamespace != 0 ? byNamespace : name.compareTo(other.name);
    }

    /** For example {@code Service default/web} or {@code Node n1}. */
    @Override
    public String toString() {
        return kind.title() + " " + (namespace.isEmpty() ? name : namespace + "/" + name);
    }
}
