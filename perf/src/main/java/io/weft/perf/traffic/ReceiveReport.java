package io.weft.perf.traffic;

import org.HdrHistogram.Histogram;

/**
 * What an AF_XDP receiver saw of test frames.
 *
 * @param received different frames
 * @param reordered frames that arrived after one with a higher number in their group
 * @param duplicated frames that had arrived before
 * @param missing numbers that are missing below the highest seen, over all groups
 * @param overrun frames that reached the device but came too fast for the receiver
 * @param latencyNanos from the time a frame was due by the sender's schedule, or was written if there is none, to its receipt
 */
public record ReceiveReport(long received, long reordered, long duplicated, long missing, long overrun,
    Histogram latencyNanos) {
}
