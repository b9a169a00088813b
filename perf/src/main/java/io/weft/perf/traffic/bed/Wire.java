package io.weft.perf.traffic.bed;

import io.weft.perf.traffic.Expectation;
import io.weft.perf.traffic.Flows;
import io.weft.perf.traffic.FrameSizes;
import io.weft.perf.traffic.FrameSpec;
import java.nio.file.Path;

/**
 * Two devices with something between them, and the addresses with which frames get from one to the other. Namespaces by path; MAC addresses
 * in the low 48 bits; addresses and ports host-numeric.
 *
 * @param name for tables
 * @param port UDP port to which the frames are sent
 * @param arrivalPort UDP port with which they arrive: a Service's target port, otherwise the same
 * @param mtu of the path
 * @param anySource whether frames may have any source address; otherwise flows differ in ports alone
 */
public record Wire(String name, Path txNamespace, String txDevice, Path rxNamespace, String rxDevice,
    long destinationMac,
    long sourceMac, int source, int destination, int port, int arrivalPort, int mtu, boolean anySource) {
    private static final int FIRST_PORT = 1024;
    private static final int PORTS = 64_512;

    /** {@code count} flows as this wire allows them: by source address, or by destination port, once the source ports are used up. */
    public Flows flows(int count, boolean random, int groups) {
        if (anySource) { return (random ? Flows.random(count) : Flows.roundRobin(count)).withGroups(groups); }
        if (count > PORTS && port != arrivalPort) {
            throw new IllegalArgumentException(
                "flows: one pod and one Service port have " + PORTS + " at most, not " + count);
        }
        return new Flows(count, PORTS, FIRST_PORT, Flows.Spread.DESTINATION_PORT, random, groups);
    }

    public FrameSpec frames(Flows flows, FrameSizes sizes) {
        return new FrameSpec(destinationMac, sourceMac, source, destination, port, flows, sizes);
    }

    public Expectation expectation(Flows flows) {
        int ports = flows.spread() == Flows.Spread.DESTINATION_PORT ? (flows.count() - 1) / flows.ports() + 1 : 1;
        return new Expectation(arrivalPort, ports, 0);
    }
}
