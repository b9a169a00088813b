package io.weft.dataplane.node;

import io.weft.dataplane.counters.NodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.state.PortDirectory;

/** The short way's {@code port-tx}: hands each port its frames. */
final class PlainSend extends PlainStage {
    private final PortTx tx;

    PlainSend(PortTx tx) {
        super(NodeId.PORT_TX);
        this.tx = tx;
    }

    @Override
    int process(FrameBatch batch, PlainFrames frames) {
        if (frames.tunnel != 0) {
            tx.send(batch, PortDirectory.UPLINK_PORT, frames.tunnel);
        }
        for (int n = 0; n < frames.localPorts; n++) {
            tx.send(batch, frames.localPort[n], frames.localFrames[n]);
        }
        return Long.bitCount(frames.tunnel | frames.local);
    }
}
