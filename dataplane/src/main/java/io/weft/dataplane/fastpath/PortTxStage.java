package io.weft.dataplane.fastpath;

import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.graph.node.PortTx;

/** {@code port-tx}: hands each port its frames. What a port throws is dealt with there ({@link PortTx}). */
final class PortTxStage extends RewritingStage {
    private final PortTx tx;

    PortTxStage(PortTx tx) {
        super(GraphNodeId.PORT_TX);
        this.tx = tx;
    }

    @Override
    long due(FastPathFrames frames) {
        return frames.ready;
    }

    @Override
    int process(FrameBatch batch, FastPathFrames frames) {
        long ready = frames.begin(due(frames));
        send(batch, frames, PortId.UPLINK, frames.tunnel | frames.underlay);
        for (int n = 0; n < frames.localPorts; n++) {
            send(batch, frames, frames.localPort[n], frames.localFrames[n]);
        }
        return Long.bitCount(ready);
    }

    /** Frames that are handed to a port are its own, whatever happens. */
    private void send(FrameBatch batch, FastPathFrames frames, int port, long mask) {
        long sent = mask & frames.pending;
        if (sent != 0) {
            frames.pending &= ~sent;
            tx.send(batch, port, sent);
        }
    }
}
