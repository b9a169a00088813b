package io.weft.dataplane.fastpath;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.I2L;

import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.Lanes;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.state.PortDirectory;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@code ethernet-input}: loads the headers of all frames into {@link FastPathFrames}, and compares what all fast-path frames of a pod have in common.
 *
 * <p>Frames come from the core that received them, so each is a cache miss; in a loop as short as this one they are under way at the same time
 * (Java has no prefetch).
 */
final class EthernetInputStage extends FastPathStage {
    private static final VectorSpecies<Long> SPECIES = Lanes.Widest.SPECIES;
    private static final int STEP = Lanes.Widest.COUNT;
    private static final long LOW_32 = 0xFFFF_FFFFL;

    private final BatchContext context;

    EthernetInputStage(BatchContext context) {
        super(GraphNodeId.ETHERNET_INPUT);
        this.context = context;
    }

    /**
     * The words of a frame that is shorter than they are come from what else is in its chunk, and are not used: {@link Ip4InputStage} compares lengths.
     * A frame without room before it for a tunnel's headers takes the slow path.
     */
    @Override
    int process(FrameBatch batch, FastPathFrames frames) {
        load(batch, frames.words, context.ports().plainPods());
        for (long rest = batch.withoutHeadroom; rest != 0; rest = FastPathFrames.withoutFirst(rest)) {
            frames.words[FastPathFrames.UNEXPECTED + FastPathFrames.first(rest)] = -1;
        }
        frames.uplink = begin(batch, frames.words);
        return batch.size;
    }

    private static void load(FrameBatch batch, long[] words, long[] pods) {
        int size = batch.size;
        long[] at = batch.at;
        int[] port = batch.port;
        for (int frame = 0; frame < size; frame++) {
            long first = Memory.address(at[frame]);
            long ip = first + EthernetHeader.LENGTH;
            int pod = port[frame] * PortDirectory.PLAIN_WORDS;
            long header1 = Memory.nativeI64(ip + 8);
            words[FastPathFrames.UNEXPECTED + frame] = Memory.nativeI64(first) ^ pods[pod]
                | Memory.nativeI64(first + 6) ^ pods[pod + 1]
                | header1 >>> 32 ^ pods[pod + 2] & LOW_32;
            words[FastPathFrames.HEADER0 + frame] = Memory.nativeI64(ip);
            words[FastPathFrames.HEADER1 + frame] = header1;
            words[FastPathFrames.HEADER2 + frame] = Memory.nativeI64(ip + 16);
            words[FastPathFrames.HEADER3 + frame] = Memory.nativeI64(ip + 24);
            words[FastPathFrames.HEADER4 + frame] = Memory.nativeI64(ip + 32);
        }
    }

    /**
     * Position, length and port.
     *
     * @return the frames from the uplink
     */
    private long begin(FrameBatch batch, long[] words) {
        long uplink = 0;
        for (int frame = 0; frame < batch.size; frame += STEP) {
            LongVector at = LongVector.fromArray(SPECIES, batch.at, frame);
            LongVector port = IntVector.fromArray(Lanes.Widest.INTS, batch.port, frame).convertShape(I2L, SPECIES, 0)
                .reinterpretAsLongs();
            LongVector length = IntVector.fromArray(Lanes.Widest.INTS, batch.length, frame)
                .convertShape(I2L, SPECIES, 0).reinterpretAsLongs();
            at.add(EthernetHeader.LENGTH).intoArray(words, FastPathFrames.IP + frame);
            length.sub(EthernetHeader.LENGTH).intoArray(words, FastPathFrames.REMAINING + frame);
            port.intoArray(words, FastPathFrames.INGRESS + frame);
            uplink |= port.compare(EQ, PortId.UPLINK).toLong() << frame;
        }
        return uplink & FastPathFrames.all(batch.size);
    }
}
