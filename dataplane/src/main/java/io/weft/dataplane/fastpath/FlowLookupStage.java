package io.weft.dataplane.fastpath;

import static jdk.incubator.vector.VectorOperators.NE;

import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.Lanes;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowTable;
import java.lang.invoke.VarHandle;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@code flow-lookup}: compares the keys that {@link Ip4InputStage} has loaded. The few flows that are not in their home slot are looked for in two more
 * passes. The first of them only loads, so that these cache misses overlap too.
 */
final class FlowLookupStage extends FastPathStage {
    private static final VectorSpecies<Long> SPECIES = Lanes.Widest.SPECIES;
    private static final int STEP = Lanes.Widest.COUNT;

    private final FlowTable flows;
    private long touched;

    FlowLookupStage(FlowTable flows) {
        super(GraphNodeId.FLOW_LOOKUP);
        this.flows = flows;
    }

    @Override
    int process(FrameBatch batch, FastPathFrames frames) {
        int size = batch.size;
        long elsewhere = compare(size, frames.words);
        // What was published before the keys that were seen is read after this: one fence for the batch instead of one for each entry.
        VarHandle.acquireFence();
        if (elsewhere != 0) {
            fetchNeighbours(elsewhere, frames.words);
            search(elsewhere, frames.words);
        }
        return size;
    }

    /** @return the frames whose flows are not at home */
    private long compare(int size, long[] words) {
        long differ = 0;
        for (int at = 0; at < size; at += STEP) {
            differ |= LongVector.fromArray(SPECIES, words, FastPathFrames.HOME_K1 + at)
                .compare(NE, LongVector.fromArray(SPECIES, words, FastPathFrames.K1 + at)).toLong() << at;
        }
        return differ & FastPathFrames.all(size);
    }

    private void fetchNeighbours(long elsewhere, long[] words) {
        long sum = touched;
        for (long rest = elsewhere; rest != 0; rest = FastPathFrames.withoutFirst(rest)) {
            int hash = (int) (words[FastPathFrames.TRAITS + FastPathFrames.first(rest)] >>> FastPathFrames.HASH_SHIFT);
            sum += FlowEntry.plainK1(flows.home(hash + 1));
        }
        touched = sum;
    }

    private void search(long elsewhere, long[] words) {
        for (long rest = elsewhere; rest != 0; rest = FastPathFrames.withoutFirst(rest)) {
            int frame = FastPathFrames.first(rest);
            long k1 = words[FastPathFrames.K1 + frame];
            words[FastPathFrames.FLOW + frame] = k1 == FastPathFrames.INELIGIBLE ? FastPathFrames.NO_FLOW
                : flows.find((int) (words[FastPathFrames.TRAITS + frame] >>> FastPathFrames.HASH_SHIFT),
                    words[FastPathFrames.K0 + frame], k1);
        }
    }
}
