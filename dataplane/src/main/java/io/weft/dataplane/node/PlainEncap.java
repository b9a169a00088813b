package io.weft.dataplane.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.NodeId;
import io.weft.dataplane.frame.ChecksumRequest;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.state.PortDirectory;
import io.weft.dataplane.state.TunnelHeaders;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.Ecn;
import io.weft.encap.tunnel.TunnelTemplate;

/** The short way's {@code vxlan4-encap}: the outer headers. */
final class PlainEncap extends PlainStage {
    private final DropNode drop;
    private final FrameList tx;
    private final TunnelHeaders tunnels;
    private final int chunkMask;

    PlainEncap(Turn turn, DropNode drop, PortTx tx, int chunkSize) {
        super(NodeId.VXLAN4_ENCAP);
        this.drop = drop;
        this.tx = tx.in();
        tunnels = new TunnelHeaders(turn.state().adjacencies());
        chunkMask = chunkSize - 1;
    }

    @Override
    int process(FrameBatch batch, PlainFrames frames) {
        int count = frames.tunnel.size;
        long[] headers = tunnels.current();
        for (int n = 0; n < count; n++) {
            int frame = frames.tunnel.index[n];
            try {
                encap(batch, frame, frames.words, frame * PlainFrames.WORDS, headers);
            } catch (RuntimeException | AssertionError | InternalError e) {
                frames.lastFailure = e;
                drop.add(frame, DropReason.INTERNAL_ERROR);
            }
        }
        return count;
    }

    private void encap(FrameBatch batch, int frame, long[] words, int line, long[] headers) {
        long ip = words[line + PlainFrames.IP];
        if ((ip & chunkMask) < TunnelTemplate.LENGTH) {
            drop.add(frame, DropReason.NO_HEADROOM);
            return;
        }
        long at = Memory.address(ip - TunnelTemplate.LENGTH);
        int header = (int) words[line + PlainFrames.EGRESS] * TunnelHeaders.WORDS;
        int length = PlainFrames.length(words[line + PlainFrames.DIGEST]);
        long traits = words[line + PlainFrames.TRAITS];
        if (!TunnelHeaders.write(headers, header, at, length, (int) (traits >>> PlainFrames.HASH_SHIFT),
            (int) traits >>> PlainFrames.ECN_SHIFT & Ecn.MASK)) {
            drop.add(frame, DropReason.NEIGHBOUR_UNRESOLVED);
            return;
        }
        batch.at[frame] = at;
        batch.length[frame] = length + TunnelTemplate.LENGTH;
        batch.txPort[frame] = PortDirectory.UPLINK_PORT;
        batch.checksum[frame] = ChecksumRequest.NONE;
        tx.add(frame);
    }
}
