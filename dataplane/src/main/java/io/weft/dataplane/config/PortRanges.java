package io.weft.dataplane.config;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A set of TCP/UDP port numbers, written as ranges: {@code 10000-29999,61000-65535}. Immutable.
 *
 * @param ranges ascending, at least one, neither adjacent nor overlapping
 */
public record PortRanges(List<PortRange> ranges) {
    public PortRanges {
        ranges = List.copyOf(ranges);
    }

    /** @param ports at least one */
    public static PortRanges of(BitSet ports) {
        List<PortRange> ranges = new ArrayList<>();
        for (int first = ports.nextSetBit(0); first >= 0; first = ports.nextSetBit(ranges.getLast().last() + 1)) {
            ranges.add(new PortRange(first, ports.nextClearBit(first) - 1));
        }
        return new PortRanges(ranges);
    }

    public int first() {
        return ranges.getFirst().first();
    }

    public int last() {
        return ranges.getLast().last();
    }

    /** Number of ports. */
    public int size() {
        return ranges.stream().mapToInt(PortRange::size).sum();
    }

    public boolean overlaps(PortRange range) {
        return ranges.stream().anyMatch(range::overlaps);
    }

    /** A new set of these ports. */
    public BitSet toBitSet() {
        BitSet ports = new BitSet();
        ranges.forEach(range -> ports.set(range.first(), range.last() + 1));
        return ports;
    }

    @Override
    public String toString() {
        return ranges.stream().map(PortRange::toString).collect(Collectors.joining(","));
    }
}
