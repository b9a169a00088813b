package io.weft.dataplane.fastpath;

import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.graph.node.PortTx;

/** The short way's {@code port-tx}: hands each port its frames. */
final class PortTxStage extends FastPathStage {
    private final PortTx tx;

    PortTxStage(PortTx tx) {
        super(GraphNodeId.PORT_TX);
        this.tx = tx;
    }

    @Override
    int process(FrameBatch batch, FastPathFrames frames) {
        if (frames.tunnel != 0) {
            tx.send(batch, PortId.UPLINK, frames.tunnel);
        }
        for (int n = 0; n < frames.localPorts; n++) {
            tx.send(batch, frames.localPort[n], frames.localFrames[n]);
        }
        return Long.bitCount(frames.tunnel | frames.local);
    }
}
