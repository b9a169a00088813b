package io.weft.dataplane.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.NodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.encap.checksum.L4Checksum;
import io.weft.encap.packet.Ipv4Header;

/** The part of {@code vxlan4-encap} on the short way that reads the payload: completes checksums that a pod left to its device. */
final class PlainChecksum extends PlainStage {
    private final DropNode drop;

    PlainChecksum(DropNode drop) {
        super(NodeId.VXLAN4_ENCAP);
        this.drop = drop;
    }

    @Override
    int process(FrameBatch batch, PlainFrames frames) {
        int count = frames.incomplete.size;
        for (int n = 0; n < count; n++) {
            int frame = frames.incomplete.index[n];
            try {
                complete(batch, frames.words, frame * PlainFrames.WORDS);
            } catch (RuntimeException | AssertionError | InternalError e) {
                frames.lastFailure = e;
                frames.tunnel.remove(frame);
                drop.add(frame, DropReason.INTERNAL_ERROR);
            }
        }
        return count;
    }

    private static void complete(FrameBatch batch, long[] words, int line) {
        long digest = words[line + PlainFrames.DIGEST];
        long l4 = words[line + PlainFrames.IP] + Ipv4Header.LENGTH;
        int length = PlainFrames.length(digest) - Ipv4Header.LENGTH;
        int protocol = PlainFrames.protocol(digest);
        if (batch.chains == null) {
            L4Checksum.complete(l4, length, protocol);
        } else {
            L4Checksum.complete(l4, protocol, batch.chains.sum(l4, length));
        }
    }
}
