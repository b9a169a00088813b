package io.weft.dataplane.fastpath;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.graph.node.DropNode;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.L4Checksum;

/** The part of {@code vxlan4-encap} on the short way that reads the payload: completes checksums that a pod left to its device. */
final class ChecksumStage extends FastPathStage {
    private final DropNode drop;

    ChecksumStage(DropNode drop) {
        super(GraphNodeId.VXLAN4_ENCAP);
        this.drop = drop;
    }

    @Override
    int process(FrameBatch batch, FastPathFrames frames) {
        long[] words = frames.words;
        long incomplete = frames.incomplete;
        for (long rest = incomplete; rest != 0; rest = FastPathFrames.withoutFirst(rest)) {
            int frame = FastPathFrames.first(rest);
            try {
                complete(batch, words[FastPathFrames.IP + frame] + Ipv4Header.LENGTH,
                    words[FastPathFrames.DIGEST + frame]);
            } catch (RuntimeException | AssertionError | InternalError e) {
                frames.fail(frame, e);
                drop.add(frame, DropReason.INTERNAL_ERROR);
            }
        }
        return Long.bitCount(incomplete);
    }

    private static void complete(FrameBatch batch, long l4, long digest) {
        int length = FastPathFrames.length(digest) - Ipv4Header.LENGTH;
        int protocol = FastPathFrames.protocol(digest);
        if (batch.chains == null) {
            L4Checksum.complete(l4, length, protocol);
        } else {
            L4Checksum.complete(l4, protocol, batch.chains.sum(l4, length));
        }
    }
}
