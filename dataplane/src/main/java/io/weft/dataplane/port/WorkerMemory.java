package io.weft.dataplane.port;

import io.weft.dataplane.counters.WorkerCounters;

/** A worker as its ports need it: where its frames lie, and where they are counted. */
public record WorkerMemory(FrameMemory memory, WorkerCounters counters) {
}
