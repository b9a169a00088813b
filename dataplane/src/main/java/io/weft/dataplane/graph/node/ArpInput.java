package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.state.PortDirectory;
import io.weft.encap.packet.ArpPacket;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.HeaderError;

/**
 * {@code arp-input}: answers a pod that asks for its gateway, and {@code weft-host} whomever it asks for, with our address on that port; the
 * request itself becomes the reply. Nothing is learnt from ARP. The uplink's ARP is the kernel's.
 */
public final class ArpInput extends GraphNode {
    private static final int REPLIES_PER_SECOND = 1000;
    private static final int BURST = 256;

    private final BatchContext context;
    private final DropNode drop;
    private final FrameList tx;
    private final TokenBucket replies = new TokenBucket(REPLIES_PER_SECOND, BURST);

    public ArpInput(BatchContext context, DropNode drop, PortTx tx) {
        super(GraphNodeId.ARP_INPUT);
        this.context = context;
        this.drop = drop;
        this.tx = tx.in();
    }

    @Override
    public void process(FrameBatch batch) {
        for (int n = 0; n < in().size; n++) {
            int frame = in().index[n];
            DropReason refusal = refusal(batch, frame);
            if (refusal != null) {
                drop.add(frame, refusal);
            } else {
                reply(batch, frame);
                tx.add(frame);
            }
        }
    }

    private DropReason refusal(FrameBatch batch, int frame) {
        int error = ArpPacket.validate(batch.l3[frame], batch.length[frame] - EthernetHeader.LENGTH);
        if (error != HeaderError.NONE) { return HeaderReasons.of(error); }
        int port = batch.port[frame];
        DropReason refusal = switch (context.ports().kind(port)) {
            case PortKind.POD -> refusalToPod(context.ports(), port, batch.at[frame], batch.l3[frame]);
            case PortKind.HOST -> refusalToHost(batch.l3[frame]);
            default -> DropReason.ARP_UNKNOWN_TARGET;
        };
        return refusal == null && !replies.take(context.nowNanos()) ? DropReason.ARP_RATE_LIMITED : refusal;
    }

    private DropReason refusalToPod(PortDirectory ports, int port, long at, long arp) {
        if (EthernetHeader.source(at) != ports.peerMac(port) || ArpPacket.senderMac(arp) != ports.peerMac(port)) {
            return DropReason.ARP_SPOOF;
        }
        int sender = ArpPacket.senderIp(arp);
        if (sender != ports.ip(port) && sender != 0) { // 0: a probe, RFC 5227
            return DropReason.ARP_SPOOF;
        }
        if (ArpPacket.operation(arp) != ArpPacket.ARPOP_REQUEST) { return DropReason.ARP_NOT_REQUEST; }
        return ArpPacket.targetIp(arp) == context.local4().gateway() ? null : DropReason.ARP_UNKNOWN_TARGET;
    }

    /** The node asks for addresses that it routes to us; a question about its own is its own search for a duplicate. */
    private DropReason refusalToHost(long arp) {
        if (ArpPacket.operation(arp) != ArpPacket.ARPOP_REQUEST) { return DropReason.ARP_NOT_REQUEST; }
        return context.isOwnAddress(ArpPacket.targetIp(arp)) ? DropReason.ARP_UNKNOWN_TARGET : null;
    }

    private void reply(FrameBatch batch, int frame) {
        int port = batch.port[frame];
        long ours = context.ports().localMac(port);
        EthernetHeader.reply(batch.at[frame], ours);
        ArpPacket.reply(batch.l3[frame], ours);
        batch.length[frame] = EthernetHeader.LENGTH + ArpPacket.LENGTH;
        batch.txPort[frame] = port;
    }
}
