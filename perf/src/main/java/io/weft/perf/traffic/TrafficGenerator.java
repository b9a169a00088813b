package io.weft.perf.traffic;

import java.time.Duration;

/** Sends test frames out of one device. */
public interface TrafficGenerator extends AutoCloseable {
    /** Sends for {@code duration}; {@code rate} frames per second, or as fast as possible if 0. */
    SendReport run(Duration duration, double rate) throws InterruptedException;

    @Override
    void close();
}
