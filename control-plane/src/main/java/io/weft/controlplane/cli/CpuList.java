package io.weft.controlplane.cli;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Processor lists in the kernel's format: {@code 0-3,6}. */
final class CpuList {
    private CpuList() {
    }

    /** @return empty if the text is not a list */
    static BitSet parse(String text) {
        BitSet cpus = new BitSet();
        for (String range : text.strip().split(",")) {
            if (range.matches("\\d{1,5}")) {
                cpus.set(Integer.parseInt(range));
            } else if (range.matches("\\d{1,5}-\\d{1,5}")) {
                String[] ends = range.split("-");
                cpus.set(Integer.parseInt(ends[0]), Math.max(Integer.parseInt(ends[0]), Integer.parseInt(ends[1])) + 1);
            }
        }
        return cpus;
    }

    static String format(BitSet cpus) {
        List<String> ranges = new ArrayList<>();
        for (int first = cpus.nextSetBit(0); first >= 0;) {
            int end = cpus.nextClearBit(first);
            ranges.add(end - first == 1 ? Integer.toString(first) : first + "-" + (end - 1));
            first = cpus.nextSetBit(end);
        }
        return String.join(",", ranges);
    }
}
