package io.weft.dataplane.graph;

import io.weft.dataplane.explain.Explainer;
import io.weft.dataplane.explain.Explanation;
import io.weft.dataplane.explain.Explanation.Case;
import io.weft.dataplane.explain.Explanation.Verdict;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What {@code weft explain} says about a frame to the node of a {@link GraphFixture}, in the words of {@link GraphFixture.Outcome}. */
final class Explained {
    private Explained() {
    }

    static Explanation of(GraphFixture node, int port, byte[] frame) {
        return new Explainer(node.image()).explain(port, frame, node.now + 1000);
    }

    /** Comparable with {@code node.run(port, frame).toString()}. */
    static String outcome(Case explained) {
        List<String> lines = new ArrayList<>();
        explained.sent().stream().sorted(Comparator.comparingInt(Explanation.Sent::portId))
            .forEach(sent -> lines.add(sent.portId() + ": " + Packet.describe(sent.bytes())
                + (sent.checksum() == 0 ? "" : " request")));
        if (explained.verdict() == Verdict.DROPPED) {
            lines.add(explained.reason().label());
        }
        return String.join("\n", lines);
    }
}
