package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.forwarding.ReplyMark;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.state.PortDirectory;
import io.weft.encap.packet.EthernetHeader;

/** {@code punt}: writes the Ethernet header towards the node's own stack, through {@code weft-host}. */
public final class Punt extends GraphNode {
    private final BatchContext context;
    private final DropNode drop;
    private final FrameList tx;

    public Punt(BatchContext context, DropNode drop, PortTx tx) {
        super(GraphNodeId.PUNT);
        this.context = context;
        this.drop = drop;
        this.tx = tx.in();
    }

    @Override
    public void process(FrameBatch batch) {
        PortDirectory ports = context.ports();
        for (int n = 0; n < in().size; n++) {
            int frame = in().index[n];
            if (ports.kind(PortId.HOST) == PortKind.NONE) {
                drop.add(frame, DropReason.NO_PORT);
            } else {
                batch.txPort[frame] = PortId.HOST;
                L2Rewrite.local(batch, frame, ports);
                if ((batch.flags[frame] & FrameBatch.REPLY_MARK) != 0) {
                    EthernetHeader.setSource(batch.at[frame], ReplyMark.MAC);
                }
                tx.add(frame);
            }
        }
    }
}
