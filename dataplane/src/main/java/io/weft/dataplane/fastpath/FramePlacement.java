package io.weft.dataplane.fastpath;

import static jdk.incubator.vector.VectorOperators.L2I;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.weft.dataplane.frame.ChecksumRequest;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.Lanes;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/** What the last stages have in common. */
final class FramePlacement {
    private static final VectorSpecies<Long> SPECIES = Lanes.Widest.SPECIES;

    private FramePlacement() {
    }

    /** Sets, in the batch, where the frames of a mask begin and how long they are, with {@code header} bytes before their IPv4 packets. */
    static void place(FrameBatch batch, FastPathFrames frames, long mask, int header) {
        long[] words = frames.words;
        for (int at = 0; at < batch.size; at += Lanes.Widest.COUNT) {
            VectorMask<Long> lanes = VectorMask.fromLong(SPECIES, mask >>> at);
            LongVector.fromArray(SPECIES, words, FastPathFrames.IP + at).sub(header).intoArray(batch.at, at, lanes);
            LongVector.broadcast(SPECIES, ChecksumRequest.NONE).intoArray(batch.checksum, at, lanes);
            LongVector.fromArray(SPECIES, words, FastPathFrames.DIGEST + at).lanewise(LSHR, FastPathFrames.LENGTH_SHIFT)
                .add(header).convertShape(L2I, Lanes.Widest.INTS, 0).reinterpretAsInts()
                .intoArray(batch.length, at, lanes.cast(Lanes.Widest.INTS));
        }
    }
}
