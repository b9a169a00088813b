package io.weft.dataplane.graph.node;

import io.weft.dataplane.decision.Frontends;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.table.ForwardingTables;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.memory.Memory;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.service.Backend;
import io.weft.lb.service.ServiceTable;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Looks up what {@link FlowCreate} needs for a batch's new flows before it makes the first of them: routes, services, backends, and the lines where replies
 * will most likely have their place. Every pass does one of these for all frames, so their cache misses overlap; in {@code flow-create} itself each
 * would have to be waited for, because an insertion's compare-and-set lets no later load pass.
 *
 * <p>It decides nothing: a frame may yet belong to a flow that an earlier one of its batch makes.
 *
 * <p>Thread: one worker. Allocation: none.
 */
final class NewFlowFetch {
    private static final long RANDOM_MULTIPLIER = 6_364_136_223_846_793_005L;
    private static final long RANDOM_INCREMENT = 1_442_695_040_888_963_407L;

    private final BatchContext context;
    private final FlowTable flows;
    private final long[] route = new long[FrameBatch.CAPACITY];
    private final long[] block = new long[FrameBatch.CAPACITY];
    private final int[] choice = new int[FrameBatch.CAPACITY];
    private final long[] target = new long[FrameBatch.CAPACITY];
    private long touched;
    private long random = ThreadLocalRandom.current().nextLong();

    NewFlowFetch(BatchContext context, FlowTable flows) {
        this.context = context;
        this.flows = flows;
    }

    void fetch(FrameBatch batch, FrameList frames) {
        routes(batch, frames);
        services(batch, frames);
        backends(batch, frames);
        touched = replies(batch, frames);
    }

    /** The destination's route, in the tables. */
    long route(int frame) {
        return route[frame];
    }

    /** Of a frame to a Service: its block in the {@link ServiceTable}, or 0. */
    long block(int frame) {
        return block[frame];
    }

    /** Of a frame to a Service: chooses its backend ({@link Frontends#choice}). */
    int choice(int frame) {
        return choice[frame];
    }

    private void routes(FrameBatch batch, FrameList frames) {
        ForwardingTables tables = context.tables();
        for (int n = 0; n < frames.size; n++) {
            int frame = frames.index[n];
            route[frame] = tables.route4(FlowKey.destination(batch.k0[frame]));
        }
    }

    private void services(FrameBatch batch, FrameList frames) {
        for (int n = 0; n < frames.size; n++) {
            int frame = frames.index[n];
            block[frame] = Frontends.find(context, batch.ingress[frame], batch.k0[frame], batch.k1[frame]);
        }
    }

    /** Where the flow most likely goes, packed as a {@link Backend}; policies, affinity and what cannot be had decide otherwise. */
    private void backends(FrameBatch batch, FrameList frames) {
        for (int n = 0; n < frames.size; n++) {
            int frame = frames.index[n];
            long k0 = batch.k0[frame];
            if (block[frame] == 0) {
                target[frame] = Backend.pack(FlowKey.destination(k0), FlowKey.destinationPort(batch.k1[frame]));
            } else {
                choice[frame] = Frontends.choice(block[frame], k0, batch.hash[frame], nextRandom());
                target[frame] = ServiceTable.choose(block[frame], choice[frame]);
            }
        }
    }

    /** A linear congruential generator with Knuth's constants (MMIX); its upper half is random enough. */
    private int nextRandom() {
        random = random * RANDOM_MULTIPLIER + RANDOM_INCREMENT;
        return (int) (random >>> 32);
    }

    /** Java has no prefetch: the sum keeps the loads alive. */
    private long replies(FrameBatch batch, FrameList frames) {
        long sum = touched;
        for (int n = 0; n < frames.size; n++) {
            int frame = frames.index[n];
            long k1 = batch.k1[frame];
            long replyK0 = FlowKey.k0(Backend.ip(target[frame]), FlowKey.source(batch.k0[frame]));
            long replyK1 = FlowKey.k1(Backend.port(target[frame]), FlowKey.sourcePort(k1), FlowKey.protocol(k1))
                | FlowKey.zone(k1);
            sum += Memory.nativeI64(flows.home(FlowHash.hash(replyK0, replyK1)));
        }
        return sum;
    }
}
