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
        long local = frames.local;
        PortDirectory ports = turn.ports();
        for (long rest = local; rest != 0; rest = PlainFrames.withoutFirst(rest)) {
            int frame = PlainFrames.first(rest);
            try {
                rewrite(batch, frame, frames, ports);
            } catch (RuntimeException | AssertionError | InternalError e) {
                frames.fail(frame, e);
                drop.add(frame, DropReason.INTERNAL_ERROR);
            }
        }
        return Long.bitCount(local);
    }

    private void rewrite(FrameBatch batch, int frame, PlainFrames frames, PortDirectory ports) {
        long[] words = frames.words;
        int port = Egress.index((int) words[PlainFrames.EGRESS_AND_META + frame]);
        if (ports.kind(port) == PortKind.NONE) {
            drop.add(frame, DropReason.NO_PORT);
            return;
        }
        long digest = words[PlainFrames.DIGEST + frame];
        long at = Memory.address(words[PlainFrames.IP + frame] - EthernetHeader.LENGTH);
        boolean partial = ((int) words[PlainFrames.TRAITS + frame] & PlainFrames.PARTIAL) != 0;
        EthernetWords.store(at, ports.ethernet0(port), ports.ethernet1(port));
        batch.at[frame] = at;
        batch.length[frame] = PlainFrames.length(digest) + EthernetHeader.LENGTH;
        batch.txPort[frame] = port;
        batch.checksum[frame] = partial ? ChecksumRequest.of(EthernetHeader.LENGTH + Ipv4Header.LENGTH,
            L4Checksum.fieldOffset(PlainFrames.protocol(digest))) : ChecksumRequest.NONE;
        tx.add(frame);
    }
}
