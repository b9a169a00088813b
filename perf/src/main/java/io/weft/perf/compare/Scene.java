package io.weft.perf.compare;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.OptionalDouble;

/** A contender that stands ready for one workload. It is resumed before its turn and paused after it, so that none works in another's. */
interface Scene extends AutoCloseable {
    Workload workload();

    IngressPort ingress();

    EgressPort egress();

    /** Processes whose time is the contender's. */
    Collection<Long> processes();

    /** Those of them that forward. */
    default Collection<Long> forwarders() throws IOException {
        return processes();
    }

    /** Kernel threads that poll the contender's devices. */
    default Collection<Long> kernelThreads() {
        return List.of();
    }

    default void resume() throws Exception {}

    default void pause() throws Exception {}

    /** Frames it has taken on and batches it took them in, if it says. */
    default OptionalDouble framesPerBatch() {
        return OptionalDouble.empty();
    }

    @Override
    void close();
}
