package io.weft.perf.traffic;

import org.HdrHistogram.Histogram;

/**
 * What an AF_XDP receiver saw of test frames.
 *
 * @param received different frames
 * @param reordered those that came after one with a higher number of their group
 * @param duplicated frames that had come before
 * @param missing numbers that are missing below the highest seen, over all groups
 * @param overrun frames that reached the device and that the receiver was too slow for
 * @param latencyNanos from the time a frame was due by the sender's schedule, or was written where there is none, to its receipt
 */
public record ReceiveReport(long received, long reordered, long duplicated, long missing, long overrun,
    Histogram latencyNanos) {
}
