package io.weft.dataplane.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.NodeId;
import io.weft.dataplane.frame.ChecksumRequest;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.state.EthernetWords;
import io.weft.dataplane.state.PortDirectory;
import io.weft.dataplane.state.PortKind;
import io.weft.encap.checksum.L4Checksum;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.Ipv4Header;

/** The short way's {@code local-rewrite}: the Ethernet header towards a pod. */
final class PlainLocal extends PlainStage {
    private final Turn turn;
    private final DropNode drop;
    private final FrameList tx;

    PlainLocal(Turn turn, DropNode drop, PortTx tx) {
        super(NodeId.LOCAL_REWRITE);
        this.turn = turn;
        this.drop = drop;
        this.tx = tx.in();
    }

    @Override
    int process(FrameBatch batch, PlainFrames frames) {
        int count = frames.local.size;
        PortDirectory ports = turn.ports();
        for (int n = 0; n < count; n++) {
            int frame = frames.local.index[n];
            try {
                rewrite(batch, frame, frames.words, frame * PlainFrames.WORDS, ports);
            } catch (RuntimeException | AssertionError | InternalError e) {
                frames.lastFailure = e;
                drop.add(frame, DropReason.INTERNAL_ERROR);
            }
        }
        return count;
    }

    private void rewrite(FrameBatch batch, int frame, long[] words, int line, PortDirectory ports) {
        int port = (int) words[line + PlainFrames.EGRESS];
        if (ports.kind(port) == PortKind.NONE) {
            drop.add(frame, DropReason.NO_PORT);
            return;
        }
        long digest = words[line + PlainFrames.DIGEST];
        long at = Memory.address(words[line + PlainFrames.IP] - EthernetHeader.LENGTH);
        boolean partial = ((int) words[line + PlainFrames.TRAITS] & PlainFrames.PARTIAL) != 0;
        EthernetWords.store(at, ports.ethernet0(port), ports.ethernet1(port));
        batch.at[frame] = at;
        batch.length[frame] = PlainFrames.length(digest) + EthernetHeader.LENGTH;
        batch.txPort[frame] = port;
        batch.checksum[frame] = partial ? ChecksumRequest.of(EthernetHeader.LENGTH + Ipv4Header.LENGTH,
            L4Checksum.fieldOffset(PlainFrames.protocol(digest))) : ChecksumRequest.NONE;
        tx.add(frame);
    }
}
