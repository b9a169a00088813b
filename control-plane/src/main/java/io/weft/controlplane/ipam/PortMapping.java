package io.weft.controlplane.ipam;

import io.weft.encap.address.IpAddress;
import io.weft.encap.packet.IpProtocol;

/**
 * A port of the node that leads to a port of a pod ({@code hostPort} of a container, capability {@code portMappings} of CNI). Immutable.
 *
 * @param hostIp one of the node's addresses, IPv4; unspecified for all of them and 127.0.0.1
 * @param hostPort 1 to 65535
 * @param protocol IP protocol number: TCP, UDP or SCTP
 * @param containerPort 1 to 65535
 */
public record PortMapping(IpAddress hostIp, int hostPort, int protocol, int containerPort) {
    /** IPPROTO_SCTP: recorded, but not served. */
    public static final int SCTP = 132;

    public PortMapping {
        if (hostPort < 1 || hostPort > 0xFFFF || containerPort < 1 || containerPort > 0xFFFF || !hostIp.isIpv4()) {
            throw new IllegalArgumentException(
                "port mapping %s:%d to %d: ports must be 1 to 65535, the address IPv4".formatted(hostIp, hostPort,
                    containerPort));
        }
    }

    /** {@code HOST-PORT/PROTOCOL/CONTAINER-PORT}, all numbers, after {@code HOST-IP:} if it has one: {@code 192.0.2.11:8080/6/80}. */
    String text() {
        return (hostIp.isUnspecified() ? "" : hostIp + ":") + hostPort + "/" + protocol + "/" + containerPort;
    }

    /**
     * Reads {@link #text}.
     *
     * @throws IllegalArgumentException if it is anything else
     */
    static PortMapping parse(String text) {
        int colon = text.indexOf(':');
        String[] numbers = text.substring(colon + 1).split("/", -1);
        if (numbers.length != 3) { throw new IllegalArgumentException("no port mapping: " + text); }
        return new PortMapping(colon < 0 ? IpAddress.ipv4(0) : IpAddress.of(text.substring(0, colon)),
            Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1]), Integer.parseInt(numbers[2]));
    }

    /** Whether packets for the one could be meant for the other. */
    boolean overlaps(PortMapping other) {
        return hostPort == other.hostPort && protocol == other.protocol
            && (hostIp.isUnspecified() || other.hostIp.isUnspecified() || hostIp.equals(other.hostIp));
    }

    /** Whether Weft serves the protocol. */
    public boolean isServed() { return protocol != SCTP; }

    /** The port of the node: {@code hostPort 8080/TCP}, with its address if it has one. */
    public String hostSide() {
        return "hostPort " + (hostIp.isUnspecified() ? "" : hostIp + ":") + hostPort + "/" + protocolName();
    }

    private String protocolName() {
        return switch (protocol) {
            case IpProtocol.IPPROTO_TCP -> "TCP";
            case IpProtocol.IPPROTO_UDP -> "UDP";
            case SCTP -> "SCTP";
            default -> Integer.toString(protocol);
        };
    }
}
