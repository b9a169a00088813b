package io.weft.dataplane.port;

import io.weft.dataplane.counters.WorkerCounters;

/** What a worker's ports need: its frame memory and its counters. */
public record WorkerMemory(FrameMemory memory, WorkerCounters counters) {
}
