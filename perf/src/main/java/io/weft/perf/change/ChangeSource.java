package io.weft.perf.change;

import io.weft.controlplane.source.ClusterSource;
import java.util.function.Consumer;

/** Where the control loop of a {@link ChangeRun} gets its objects from, and what changes them. */
interface ChangeSource extends AutoCloseable {
    /**
     * Begins to deliver all objects; returns at once or when they are delivered.
     *
     * @param receiver is told them as one change, and then of each change
     */
    void deliverAll(ClusterSource.Listener receiver);

    /**
     * Changes endpoints.
     *
     * @param perSecond the rate, if this source can keep to one
     * @param observer called right before each change, by one thread at a time
     * @return number of changes
     */
    long change(int perSecond, int seconds, Consumer<BenchCluster.Change> observer) throws Exception;
}
