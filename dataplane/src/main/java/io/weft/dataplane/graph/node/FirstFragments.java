package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.state.FragmentDecision;
import io.weft.dataplane.state.FragmentTable;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.packet.Ipv4Header;
import io.weft.lb.flow.FlowEntry;
import java.nio.ByteOrder;

/**
 * The first fragments of a batch about which no node has decided yet, and the methods to publish a node's decision, which the later
 * fragments of the datagram follow ({@link Ip4SvReassembly}). A node that forwards, answers or drops such a frame must publish before it
 * changes the IPv4 header; the drop node does so for all that drop.
 *
 * <p>Thread: one worker. Allocation: none after construction.
 */
public final class FirstFragments {
    private final BatchContext context;
    private final FragmentTable table;
    private final FragmentDecision decision = new FragmentDecision();
    /** One bit per frame of the batch. */
    private long undecided;

    public FirstFragments(BatchContext context) {
        this.context = context;
        table = context.state().fragments();
    }

    /** Starts a new batch. */
    public void begin() {
        undecided = 0;
    }

    /** The frame is a first fragment: {@link FrameBatch#l3} and {@link FrameBatch#ingress} are set. */
    void expect(int frame) {
        undecided |= 1L << frame;
    }

    private boolean isUndecided(int frame) {
        return (undecided >>> frame & 1) != 0;
    }

    /** The datagram is translated and forwarded as its flow's entry says. */
    void byFlow(FrameBatch batch, int frame, long flow) {
        if (isUndecided(frame)) {
            decision.newAddressesRaw = FlowEntry.newAddressesRaw(flow);
            decision.addressDelta = FlowEntry.ipDelta(flow);
            publish(batch, frame, FragmentDecision.FORWARD, FlowEntry.egress(flow));
        }
    }

    /** The datagram gets other addresses, packed as {@link Ipv4Header#addresses}; those of the frame are the old ones. */
    void translate(FrameBatch batch, int frame, long addresses, int egress) {
        if (isUndecided(frame)) {
            setAddresses(batch, frame, addresses);
            publish(batch, frame, FragmentDecision.FORWARD, egress);
        }
    }

    /** The datagram is forwarded unchanged. */
    void forward(FrameBatch batch, int frame, int egress) {
        translate(batch, frame, Ipv4Header.addresses(batch.l3[frame]), egress);
    }

    /** The datagram goes back to its sender. */
    void answer(FrameBatch batch, int frame, int egress) {
        if (isUndecided(frame)) {
            setAddresses(batch, frame, Long.rotateRight(Ipv4Header.addresses(batch.l3[frame]), 32));
            publish(batch, frame, FragmentDecision.LOCAL, egress);
        }
    }

    /** The datagram is dropped. */
    void refuse(FrameBatch batch, int frame, DropReason reason) {
        if (isUndecided(frame)) {
            decision.reason = reason.ordinal();
            publish(batch, frame, FragmentDecision.DROP, Egress.NONE);
        }
    }

    private void setAddresses(FrameBatch batch, int frame, long addresses) {
        decision.addressDelta = InternetChecksum.delta64(Ipv4Header.addresses(batch.l3[frame]), addresses);
        decision.newAddressesRaw = ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? addresses
            : Long.reverseBytes(addresses);
    }

    private void publish(FrameBatch batch, int frame, int action, int egress) {
        undecided &= ~(1L << frame);
        decision.action = action;
        decision.egress = egress;
        decision.hash = batch.hash[frame];
        long ip = batch.l3[frame];
        table.publish(Ipv4Header.addresses(ip), FragmentTable.datagram(ip, batch.ingress[frame]), decision,
            context.nowSeconds());
    }
}
