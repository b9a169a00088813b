package io.weft.dataplane.conductor;

import io.weft.dataplane.config.PortRange;
import io.weft.encap.address.Ipv4Address;
import java.util.HashSet;
import java.util.Set;

/**
 * The frontends that the node's own processes may reach, as {@link HostRouting} needs them: those whose addresses no route through
 * {@code weft-host} covers. Immutable. IPv4 addresses are numbers.
 *
 * @param nodePortRange all NodePorts are in it
 * @param nodePorts whether there is a NodePort
 * @param nodePortAddresses addresses on which NodePorts are served; never loopback
 * @param ownAddresses the addresses of the node
 * @param ports ports on the node's own addresses that are not NodePorts
 * @param otherAddresses frontend addresses that are not the node's
 */
record HostFrontends(PortRange nodePortRange, boolean nodePorts, Set<Integer> nodePortAddresses,
    Set<Integer> ownAddresses, Set<OwnPort> ports, Set<Integer> otherAddresses) {

    /**
     * A port of the node that a frontend takes.
     *
     * @param address one of the node's or a loopback address; {@link Ipv4Address#ANY} for all of the node's and 127.0.0.1
     * @param protocol IPPROTO_TCP or IPPROTO_UDP
     */
    record OwnPort(int address, int protocol, int port) implements Comparable<OwnPort> {
        @Override
        public int compareTo(OwnPort other) {
            int byPort = Integer.compare(port, other.port);
            if (byPort != 0) { return byPort; }
            int byProtocol = Integer.compare(protocol, other.protocol);
            return byProtocol != 0 ? byProtocol : Integer.compareUnsigned(address, other.address);
        }
    }

    HostFrontends {
        nodePortAddresses = Set.copyOf(nodePortAddresses);
        ownAddresses = Set.copyOf(ownAddresses);
        ports = Set.copyOf(ports);
        otherAddresses = Set.copyOf(otherAddresses);
    }

    /** No frontends. */
    static HostFrontends none(PortRange nodePortRange) {
        return new HostFrontends(nodePortRange, false, Set.of(), Set.of(), Set.of(), Set.of());
    }

    /** Sorts frontends by how the node reaches them. */
    static final class Builder {
        private final PortRange nodePortRange;
        private final Set<Integer> nodePortAddresses;
        private final Set<Integer> ownAddresses;
        private final Set<OwnPort> ports = new HashSet<>();
        private final Set<Integer> otherAddresses = new HashSet<>();
        private boolean nodePorts;

        /**
         * @param nodePortAddresses where NodePorts are served; loopback addresses are ignored
         * @param ownAddresses of the node, as the kernel lists them
         */
        Builder(PortRange nodePortRange, Set<Integer> nodePortAddresses, Set<Integer> ownAddresses) {
            this.nodePortRange = nodePortRange;
            this.ownAddresses = ownAddresses;
            this.nodePortAddresses = new HashSet<>(nodePortAddresses);
            this.nodePortAddresses.removeIf(Ipv4Address::isLoopback);
        }

        /** A NodePort, on the addresses for NodePorts. */
        Builder nodePort() {
            nodePorts = true;
            return this;
        }

        /** A hostPort on an address, or on all of the node's ({@link Ipv4Address#ANY}). One that the node does not have is ignored. */
        Builder hostPort(int address, int protocol, int port) {
            if (address == Ipv4Address.ANY || isOwn(address)) {
                ports.add(new OwnPort(address, protocol, port));
            }
            return this;
        }

        /** Another frontend: of a load balancer, an external IP, or a ClusterIP that the route for Services does not cover. */
        Builder frontend(int address, int protocol, int port) {
            if (isOwn(address)) {
                ports.add(new OwnPort(address, protocol, port));
            } else {
                otherAddresses.add(address);
            }
            return this;
        }

        HostFrontends build() {
            return new HostFrontends(nodePortRange, nodePorts, nodePortAddresses, ownAddresses, ports, otherAddresses);
        }

        private boolean isOwn(int address) {
            return Ipv4Address.isLoopback(address) || ownAddresses.contains(address);
        }
    }
}
