package io.weft.dataplane.config;

/** Inclusive range of TCP/UDP port numbers, written {@code FIRST-LAST}. */
public record PortRange(int first, int last) {
    public boolean overlaps(PortRange other) {
        return first <= other.last && other.first <= last;
    }

    public boolean contains(int port) {
        return port >= first && port <= last;
    }

    public int size() {
        return last - first + 1;
    }

    @Override
    public String toString() {
        return first + "-" + last;
    }
}
