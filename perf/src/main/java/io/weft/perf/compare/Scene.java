package io.weft.perf.compare;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.OptionalDouble;

/** A system under test set up for one workload. It is resumed before its measurement and paused after it, so that no two run at the same time. */
interface Scene extends AutoCloseable {
    Workload workload();

    IngressPort ingress();

    EgressPort egress();

    /** Processes whose time counts for the system. */
    Collection<Long> processes();

    /** Those of them that forward. */
    default Collection<Long> forwarders() throws IOException {
        return processes();
    }

    /** Kernel threads that poll the system's devices. */
    default Collection<Long> kernelThreads() {
        return List.of();
    }

    default void resume() throws Exception {}

    default void pause() throws Exception {}

    /** Mean number of frames per batch that it received, if it reports that. */
    default OptionalDouble framesPerBatch() {
        return OptionalDouble.empty();
    }

    @Override
    void close();
}
