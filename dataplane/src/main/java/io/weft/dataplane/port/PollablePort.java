package io.weft.dataplane.port;

/** A port that a sleeping worker can be woken by. */
public interface PollablePort extends Port {
    /** Readable while frames wait to be received; for poll(2). */
    int descriptor();

    /** Whether frames wait for another {@link #flush}, because the device did not take them. */
    boolean hasUnsent();
}
