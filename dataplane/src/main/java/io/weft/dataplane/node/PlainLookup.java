package io.weft.dataplane.node;

import io.weft.dataplane.counters.NodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.encap.memory.Memory;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowTable;
import java.lang.invoke.VarHandle;

/**
 * The short way's {@code flow-lookup}. A first pass compares one word of each frame's home line; nothing in it depends on what the
 * frame before found, so the whole batch's cache misses are under way at once (Java has no prefetch). The few flows that are not at home are looked
 * for in two more passes, of which the first again only fetches.
 */
final class PlainLookup extends PlainStage {
    private final FlowTable flows;
    private final int[] displaced = new int[FrameBatch.CAPACITY + 1];
    private long touched;

    PlainLookup(FlowTable flows) {
        super(NodeId.FLOW_LOOKUP);
        this.flows = flows;
    }

    @Override
    int process(FrameBatch batch, PlainFrames frames) {
        int size = batch.size;
        long[] words = frames.words;
        touched = touch(size, words, touched);
        int count = compare(size, words);
        // What was published before the keys that were seen is read after this: one fence for the batch instead of one a line.
        VarHandle.acquireFence();
        if (count > 0) {
            touchNeighbours(count, words);
            search(count, words);
        }
        return size;
    }

    private long touch(int size, long[] words, long start) {
        long sum = start;
        for (int frame = 0; frame < size; frame++) {
            int line = frame * PlainFrames.WORDS;
            long home = flows.home((int) (words[line + PlainFrames.TRAITS] >>> PlainFrames.HASH_SHIFT));
            words[line + PlainFrames.FLOW] = home;
            sum += FlowEntry.plainK1(home);
        }
        return sum;
    }

    /** @return how many are not at home; they are listed */
    private int compare(int size, long[] words) {
        int[] elsewhere = displaced;
        int count = 0;
        for (int frame = 0; frame < size; frame++) {
            int line = frame * PlainFrames.WORDS;
            long home = Memory.address(words[line + PlainFrames.FLOW]);
            long difference = FlowEntry.plainK1(home) ^ words[line + PlainFrames.K1];
            elsewhere[count] = frame;
            count += (int) ((difference | -difference) >>> 63);
        }
        return count;
    }

    private void touchNeighbours(int count, long[] words) {
        long sum = touched;
        for (int n = 0; n < count; n++) {
            int line = displaced[n] * PlainFrames.WORDS;
            sum += FlowEntry
                .plainK1(flows.home((int) (words[line + PlainFrames.TRAITS] >>> PlainFrames.HASH_SHIFT) + 1));
        }
        touched = sum;
    }

    private void search(int count, long[] words) {
        for (int n = 0; n < count; n++) {
            int line = displaced[n] * PlainFrames.WORDS;
            long k1 = words[line + PlainFrames.K1];
            words[line + PlainFrames.FLOW] = k1 == PlainFrames.NOT_PLAIN ? 0
                : flows.find((int) (words[line + PlainFrames.TRAITS] >>> PlainFrames.HASH_SHIFT),
                    words[line + PlainFrames.K0], k1);
        }
    }
}
