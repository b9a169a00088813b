package io.weft.dataplane.node;

import io.weft.dataplane.counters.NodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.state.PortDirectory;
import io.weft.encap.memory.Memory;

/**
 * Loads the cache lines of all frames' headers, one word each, and does nothing else: frames come from the core that received them, so each is a miss,
 * and in a loop as short as this one they are under way at the same time (Java has no prefetch).
 */
final class PlainFetch extends PlainStage {
    private static final int CACHE_LINE = 64;

    private int fetched;

    PlainFetch() {
        super(NodeId.ETHERNET_INPUT);
    }

    /** Of a frame from the tunnel, headers take two lines. */
    @Override
    int process(FrameBatch batch, PlainFrames frames) {
        int size = batch.size;
        long[] at = batch.at;
        int[] length = batch.length;
        int[] port = batch.port;
        int sum = fetched;
        for (int frame = 0; frame < size; frame++) {
            long first = Memory.address(at[frame]);
            int second = port[frame] == PortDirectory.UPLINK_PORT && length[frame] > CACHE_LINE ? CACHE_LINE : 0;
            sum += Memory.u8(first) + Memory.u8(first + second);
        }
        fetched = sum;
        return size;
    }
}
