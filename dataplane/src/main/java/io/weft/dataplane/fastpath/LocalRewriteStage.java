package io.weft.dataplane.fastpath;

import static jdk.incubator.vector.VectorOperators.EQ;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.frame.ChecksumRequest;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.Lanes;
import io.weft.dataplane.graph.node.DropNode;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.state.EthernetWords;
import io.weft.dataplane.state.PortDirectory;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.L4Checksum;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;

/** {@code local-rewrite}: finds out which frames leave to which pod, and writes the Ethernet headers, pod by pod. */
final class LocalRewriteStage extends RewritingStage {
    private static final VectorSpecies<Long> SPECIES = Lanes.Widest.SPECIES;
    private static final long LOW_32 = 0xFFFF_FFFFL;
    private static final int LAST = EthernetHeader.LENGTH - Long.BYTES;

    private final BatchContext context;
    private final DropNode drop;

    LocalRewriteStage(BatchContext context, DropNode drop) {
        super(GraphNodeId.LOCAL_REWRITE);
        this.context = context;
        this.drop = drop;
    }

    @Override
    long due(FastPathFrames frames) {
        return frames.local;
    }

    @Override
    int process(FrameBatch batch, FastPathFrames frames) {
        long local = frames.begin(due(frames));
        if (local == 0) { return 0; }
        FramePlacement.place(batch, frames, local, EthernetHeader.LENGTH);
        request(batch, frames);
        PortDirectory ports = context.ports();
        for (long rest = local; rest != 0;) {
            int egress = (int) frames.words[FastPathFrames.EGRESS_AND_META + FastPathFrames.first(rest)];
            long toPort = leavingBy(egress, batch.size, frames.words) & rest;
            rest &= ~toPort;
            frames.beginGroup(toPort, rest);
            rewrite(frames, toPort, Egress.index(egress), ports);
        }
        return Long.bitCount(local);
    }

    private static long leavingBy(int egress, int size, long[] words) {
        long leaving = 0;
        for (int at = 0; at < size; at += Lanes.Widest.COUNT) {
            leaving |= LongVector.fromArray(SPECIES, words, FastPathFrames.EGRESS_AND_META + at).and(LOW_32)
                .compare(EQ, egress & LOW_32).toLong() << at;
        }
        return leaving;
    }

    private void rewrite(FastPathFrames frames, long toPort, int port, PortDirectory ports) {
        boolean known = ports.kind(port) != PortKind.NONE;
        long first = known ? ports.ethernet0(port) : 0;
        long last = known ? EthernetWords.last(ports.ethernet0(port), ports.ethernet1(port)) : 0;
        if (known) {
            frames.localPort[frames.localPorts] = port;
            frames.localFrames[frames.localPorts++] = toPort;
        }
        for (long rest = toPort; rest != 0; rest = frames.next(rest)) {
            int frame = FastPathFrames.first(rest);
            if (known) {
                long at = Memory.address(frames.words[FastPathFrames.IP + frame] - EthernetHeader.LENGTH);
                Memory.putI64(at, first);
                Memory.putI64(at + LAST, last);
            } else {
                frames.takeOut(frame);
                drop.add(frame, DropReason.NO_PORT);
            }
        }
    }

    /** Leaves checksums that a pod left to its device to the next one. */
    private static void request(FrameBatch batch, FastPathFrames frames) {
        for (long rest = frames.requests & frames.pending; rest != 0; rest = FastPathFrames.withoutFirst(rest)) {
            int frame = FastPathFrames.first(rest);
            batch.checksum[frame] = ChecksumRequest.of(EthernetHeader.LENGTH + Ipv4Header.LENGTH,
                L4Checksum.fieldOffset(FastPathFrames.protocol(frames.words[FastPathFrames.DIGEST + frame])));
        }
    }
}
