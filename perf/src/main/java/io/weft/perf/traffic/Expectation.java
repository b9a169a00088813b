package io.weft.perf.traffic;

/**
 * The frames that a sink expects.
 *
 * @param destinationPort UDP port of the test frames where they arrive; for a Service, its target port
 * @param ports number of consecutive ports from there on
 * @param tunnelPort UDP port of VXLAN if test frames may arrive in a tunnel, otherwise 0
 */
public record Expectation(int destinationPort, int ports, int tunnelPort) {
    public static Expectation port(int destinationPort) {
        return new Expectation(destinationPort, 1, 0);
    }

    /** Frames in a tunnel are counted by their inner port. */
    public Expectation inTunnel(int port) {
        return new Expectation(destinationPort, ports, port);
    }
}
