package io.weft.controlplane.api.http;

import java.time.Duration;

/**
 * What clients of one listener may use.
 *
 * @param connections at once; further ones wait to be accepted
 * @param requests at once, streams included; further ones get 503
 * @param patience for a request, from its first line to the end of its answer, and for the pause after it
 * @param impatience the same while three quarters of the connections are in use
 * @param silence between two reads from a TCP client
 */
public record HttpLimits(
    int connections, int requests, Duration patience, Duration impatience, Duration silence) {
    public static final HttpLimits DEFAULT = new HttpLimits(256, 64, Duration.ofSeconds(30), Duration.ofSeconds(5),
        Duration.ofSeconds(10));
}
