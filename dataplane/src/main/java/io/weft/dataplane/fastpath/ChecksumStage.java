package io.weft.dataplane.fastpath;

import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.L4Checksum;

/** The part of {@code vxlan4-encap} that reads the payload: completes checksums that a pod left to its device. */
final class ChecksumStage extends RewritingStage {
    ChecksumStage() {
        super(GraphNodeId.VXLAN4_ENCAP);
    }

    @Override
    long due(FastPathFrames frames) {
        return frames.incomplete;
    }

    @Override
    int process(FrameBatch batch, FastPathFrames frames) {
        long[] words = frames.words;
        long incomplete = frames.begin(due(frames));
        for (long rest = incomplete; rest != 0; rest = frames.next(rest)) {
            int frame = FastPathFrames.first(rest);
            complete(batch, words[FastPathFrames.IP + frame] + Ipv4Header.LENGTH,
                words[FastPathFrames.DIGEST + frame]);
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
