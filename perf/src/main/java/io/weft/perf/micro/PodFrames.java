package io.weft.perf.micro;

import io.weft.dataplane.detached.DetachedNode;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.encap.packet.IpProtocol;

/** Frames of this node's pods to the target of a case. */
final class PodFrames extends Frames {
    private final TrafficCase.Target target;

    private PodFrames(long composed, int varied, int protocol, TrafficCase.Target target) {
        super(composed, varied, protocol);
        this.target = target;
    }

    /** @param tcpFlags for TCP */
    static PodFrames of(DetachedNode node, TrafficCase.Target target, int protocol, int tcpFlags) {
        long at = node.map(LENGTH);
        compose(at, NodeSetup.GATEWAY_MAC, NodeSetup.POD_MAC, protocol, tcpFlags, podIp(0), target.address(0),
            SOURCE_PORT, target.port);
        return new PodFrames(at, protocol == IpProtocol.IPPROTO_TCP ? LENGTH : LENGTH - 12, protocol, target);
    }

    @Override
    void add(FrameBatch batch, long at, int word) {
        int flow = flow(word);
        writeTemplate(at);
        vary(at, podIp(flow), target.address(flow), SOURCE_PORT, clientPort(flow));
        batch.add(at, LENGTH, PortId.FIRST_POD + pod(flow));
    }
}
