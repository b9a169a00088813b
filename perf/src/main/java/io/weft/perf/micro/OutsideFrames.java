package io.weft.perf.micro;

import io.weft.dataplane.detached.DetachedNode;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.encap.packet.IpProtocol;

/** UDP of clients outside the cluster, as it arrives from the uplink. */
final class OutsideFrames extends Frames {
    private final TrafficCase trafficCase;

    private OutsideFrames(long composed, TrafficCase trafficCase) {
        super(composed, LENGTH - 12, IpProtocol.IPPROTO_UDP);
        this.trafficCase = trafficCase;
    }

    static OutsideFrames of(DetachedNode node, TrafficCase trafficCase) {
        long at = node.map(LENGTH);
        compose(at, NodeSetup.UPLINK_MAC, NodeSetup.ROUTER_MAC, IpProtocol.IPPROTO_UDP, 0, trafficCase.clientIp(0),
            trafficCase.target.address(0), SOURCE_PORT, trafficCase.target.port);
        return new OutsideFrames(at, trafficCase);
    }

    @Override
    void add(FrameBatch batch, long at, int word) {
        int flow = flow(word);
        writeTemplate(at);
        vary(at, trafficCase.clientIp(flow), trafficCase.target.address(flow), SOURCE_PORT, clientPort(flow));
        batch.add(at, LENGTH, PortId.UPLINK);
    }
}
