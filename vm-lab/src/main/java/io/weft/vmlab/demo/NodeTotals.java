package io.weft.vmlab.demo;

import io.weft.dataplane.counters.CounterFileException;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.WeftNode;
import java.io.PrintWriter;
import java.util.List;

/** Each node's accounting after the run: where every received or originated frame ended, and drops by reason. */
final class NodeTotals {
    private NodeTotals() {}

    static void print(Lab lab, PrintWriter out) {
        for (WeftNode node : lab.nodes()) {
            try (CounterReader counters = CounterReader.open(node.runDirectory())) {
                out.println(line(node.name(), counters));
            } catch (CounterFileException e) {
                out.println(node.name() + ": " + e.getMessage());
            }
        }
        out.flush();
    }

    private static String line(String node, CounterReader counters) {
        StringBuilder drops = new StringBuilder();
        List<String> labels = counters.dropLabels();
        for (int i = 0; i < labels.size(); i++) {
            if (counters.drop(i) > 0) {
                drops.append(' ').append(labels.get(i)).append('=').append(counters.drop(i));
            }
        }
        return "%s: received %,d + originated %,d = sent %,d + punted %,d + dropped %,d%s"
            .formatted(
                node,
                counters.total(FrameTotal.RECEIVED),
                counters.total(FrameTotal.ORIGINATED),
                counters.total(FrameTotal.SENT),
                counters.total(FrameTotal.PUNTED),
                counters.total(FrameTotal.DROPPED),
                drops.isEmpty() ? "" : " (" + drops.toString().strip() + ")");
    }
}
