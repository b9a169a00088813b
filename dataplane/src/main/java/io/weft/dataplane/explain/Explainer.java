package io.weft.dataplane.explain;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.explain.Explanation.Case;
import io.weft.dataplane.explain.Explanation.Sent;
import io.weft.dataplane.explain.Explanation.Step;
import io.weft.dataplane.explain.Explanation.Verdict;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.flow.FlowEnder;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.TcpTracker;
import io.weft.lb.nat.SourceNat;
import io.weft.lb.service.Backend;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Says what a node would do with a packet: it lets the real graph process it, on memory ports and private copies of what changes, and reports
 * what the nodes left behind. A packet of a known flow is processed twice: as it is, and as if the flow did not exist.
 *
 * <p>Thread: one. Cold code.
 */
public final class Explainer {
    private static final int TCP_FLAGS_OFFSET = 13;

    private final NodeImage image;
    private final FrameText text;
    private final BatchContext context;

    public Explainer(NodeImage image) {
        this.image = image;
        context = new BatchContext(image.state());
        text = new FrameText(image.state().tables().local().overlay());
    }

    /**
     * @param portId where the frame arrives
     * @param frame from the Ethernet header on
     * @param nanos {@code System.nanoTime}
     * @throws IllegalArgumentException if the port is not open or the frame is longer than any packet
     */
    public Explanation explain(int portId, byte[] frame, long nanos) {
        context.begin(nanos);
        List<Case> cases = new ArrayList<>();
        long k0 = 0;
        long k1 = 0;
        boolean known = false;
        try (PrivateFlows flows = image.flows().get(); GraphRun run = new GraphRun(image, flows, false)) {
            run.run(portId, frame, nanos);
            Map<GraphNodeId, Long> nodes = run.nodes();
            known = nodes.containsKey(GraphNodeId.FLOW_LOOKUP) && !nodes.containsKey(GraphNodeId.FLOW_CREATE);
            k0 = run.batch.k0[0];
            k1 = run.batch.k1[0];
            cases.add(describe(run, flows, frame, known ? "known" : flowOf(nodes), fastPath(portId, frame, nanos)));
        }
        if (known) {
            cases.add(withoutFlow(portId, frame, nanos, k0, k1));
        }
        return new Explanation(text.describe(frame), image.names().port(portId), cases);
    }

    private static String flowOf(Map<GraphNodeId, Long> nodes) {
        return nodes.containsKey(GraphNodeId.FLOW_CREATE) ? "new" : "none";
    }

    private boolean fastPath(int portId, byte[] frame, long nanos) {
        try (PrivateFlows flows = image.flows().get(); GraphRun run = new GraphRun(image, flows, true)) {
            run.run(portId, frame, nanos);
            return run.tookFastPath();
        }
    }

    private Case withoutFlow(int portId, byte[] frame, long nanos, long k0, long k1) {
        try (PrivateFlows flows = image.flows().get(); GraphRun run = new GraphRun(image, flows, false)) {
            long entry = flows.table().find(k0, k1);
            if (entry != 0) {
                new FlowEnder(flows.table(), (forward, f0, f1) -> SourceNat.onEnd(flows.snatPorts(), forward, f0, f1))
                    .endReplaced(entry);
            }
            run.run(portId, frame, nanos);
            return describe(run, flows, frame, flowOf(run.nodes()), false);
        }
    }

    private Case describe(GraphRun run, PrivateFlows flows, byte[] frame, String flow, boolean fastPath) {
        List<Step> steps = new ArrayList<>();
        DropReason reason = run.dropped();
        for (GraphNodeId node : run.nodes().keySet()) {
            steps.add(new Step(node.label(), details(node, run, flows, frame, reason)));
        }
        List<Sent> sent = run.left.stream()
            .map(left -> new Sent(left.port(), image.names().port(left.port()), text.describe(left.bytes()),
                left.bytes(), left.checksum()))
            .toList();
        return new Case(flow, fastPath, steps, verdict(run, reason, sent), reason, sent);
    }

    private static Verdict verdict(GraphRun run, DropReason reason, List<Sent> sent) {
        if (reason != null) { return Verdict.DROPPED; }
        if (run.isHeld()) { return Verdict.HELD; }
        return sent.stream().allMatch(each -> each.portId() == PortId.HOST) ? Verdict.PUNTED : Verdict.SENT;
    }

    private List<String> details(GraphNodeId node, GraphRun run, PrivateFlows flows, byte[] frame, DropReason reason) {
        FrameBatch batch = run.batch;
        return switch (node) {
            case PORT_RX -> List.of(image.names().port(batch.port[0]));
            case VXLAN4_DECAP -> Ingress.isTunnel(batch.ingress[0])
                ? List.of("from " + image.names().peer(Ingress.peer(batch.ingress[0]))) : List.of();
            case FLOW_LOOKUP -> lookup(batch);
            case FLOW_CREATE -> create(run, flows, frame);
            case FLOW_REWRITE -> FlowText.rewrite(batch.flow[0], image.names());
            case VXLAN4_ENCAP, UNDERLAY_REWRITE -> List.of(image.names().adjacency(batch.adjacency[0]));
            case PORT_TX -> run.left.stream().map(left -> image.names().port(left.port())).distinct().toList();
            case DROP, REJECT -> reason == null ? List.of() : List.of(reason.label());
            default -> List.of();
        };
    }

    /** Of the entry as it was before the packet. */
    private List<String> lookup(FrameBatch batch) {
        try (PrivateFlows before = image.flows().get()) {
            long entry = before.table().find(batch.k0[0], batch.k1[0]);
            return List.of(entry == 0 ? "no entry" : "entry " + FlowText.identity(entry, context.nowSeconds()));
        }
    }

    private List<String> create(GraphRun run, PrivateFlows flows, byte[] frame) {
        FrameBatch batch = run.batch;
        long k0 = batch.k0[0];
        long k1 = batch.k1[0];
        long entry = flows.table().find(FlowHash.hash(k0, k1), k0, k1);
        long chosen = entry == 0 || (FlowEntry.flags(entry) & FlowEntry.SERVICE) == 0 ? Backend.NONE
            : Backend.pack(FlowEntry.newDst(entry), FlowEntry.newDport(entry));
        List<String> lines = new ArrayList<>(new DecisionText(context, image.names()).describe(batch.ingress[0], k0, k1,
            isOpening(run, frame, k1), chosen));
        if (entry != 0 && FlowEntry.newSport(entry) != FlowKey.sourcePort(k1)) {
            lines.add("source port " + FlowEntry.newSport(entry) + " is free now");
        }
        return lines;
    }

    /** From the packet as it was received, because an answer may have taken its place. */
    private static boolean isOpening(GraphRun run, byte[] frame, long k1) {
        int flags = run.offsetInFrame(run.batch.l4[0]) + TCP_FLAGS_OFFSET;
        return FlowKey.protocol(k1) != IpProtocol.IPPROTO_TCP || flags < 0 || flags >= frame.length
            || TcpTracker.isOpening(frame[flags] & 0xFF);
    }
}
