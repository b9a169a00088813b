package io.weft.dataplane.fastpath;

import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.packet.Ipv4Header;

/** The part of {@code vxlan4-encap} and {@code underlay-rewrite} that reads the payload: completes checksums that a pod left to its device. */
final class ChecksumStage extends RewritingStage {
    private final BatchContext context;

    ChecksumStage(BatchContext context) {
        this.context = context;
    }

    @Override
    public GraphNodeId node() {
        return context.tunnelCounters().encap();
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
            long digest = words[FastPathFrames.DIGEST + frame];
            batch.completeChecksum(words[FastPathFrames.IP + frame] + Ipv4Header.LENGTH,
                FastPathFrames.length(digest) - Ipv4Header.LENGTH, FastPathFrames.protocol(digest));
        }
        return Long.bitCount(incomplete);
    }
}
