package io.weft.dataplane.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.NodeId;
import io.weft.dataplane.frame.ChecksumRequest;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.state.PortDirectory;
import io.weft.dataplane.state.TunnelHeaders;
import io.weft.encap.memory.Memory;

import io.weft.encap.tunnel.TunnelTemplate;

/** The short way's {@code vxlan4-encap}: the outer headers. */
final class PlainEncap extends PlainStage {
    private final DropNode drop;
    private final FrameList tx;
    private final TunnelHeaders tunnels;
    private final FramePool pool;

    PlainEncap(Turn turn, DropNode drop, PortTx tx, FramePool pool) {
        super(NodeId.VXLAN4_ENCAP);
        this.drop = drop;
        this.tx = tx.in();
        tunnels = new TunnelHeaders(turn.state().adjacencies());
        this.pool = pool;
    }

    @Override
    int process(FrameBatch batch, PlainFrames frames) {
        long tunnel = frames.tunnel;
        long[] headers = tunnels.current();
        for (long rest = tunnel; rest != 0; rest = PlainFrames.withoutFirst(rest)) {
            int frame = PlainFrames.first(rest);
            try {
                encap(batch, frame, frames, headers);
            } catch (RuntimeException | AssertionError | InternalError e) {
                frames.fail(frame, e);
                drop.add(frame, DropReason.INTERNAL_ERROR);
            }
        }
        return Long.bitCount(tunnel);
    }

    private void encap(FrameBatch batch, int frame, PlainFrames frames, long[] headers) {
        long[] words = frames.words;
        long ip = words[PlainFrames.IP + frame];
        if (!pool.hasHeadroom(ip, TunnelTemplate.LENGTH)) {
            drop.add(frame, DropReason.NO_HEADROOM);
            return;
        }
        int header = Egress.index((int) words[PlainFrames.EGRESS_AND_META + frame]) * TunnelHeaders.WORDS;
        long at = Memory.address(ip - TunnelTemplate.LENGTH);
        if (!TunnelHeaders.write(headers, header, at, words[PlainFrames.OUTER + frame])) {
            drop.add(frame, DropReason.NEIGHBOUR_UNRESOLVED);
            return;
        }
        batch.at[frame] = at;
        batch.length[frame] = PlainFrames.length(words[PlainFrames.DIGEST + frame]) + TunnelTemplate.LENGTH;
        batch.txPort[frame] = PortDirectory.UPLINK_PORT;
        batch.checksum[frame] = ChecksumRequest.NONE;
        tx.add(frame);
    }
}
