package io.weft.dataplane.conductor;

import io.weft.dataplane.config.ManagementPorts;
import io.weft.dataplane.config.PortRange;
import io.weft.encap.address.Ipv4Address;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The frontends that the node's own processes may reach, as {@link HostRouting} needs them: those whose addresses no route through
 * {@code weft-host} covers. Immutable. IPv4 addresses are numbers.
 *
 * @param nodePortRange all NodePorts are in it
 * @param nodePortAddresses addresses on which NodePorts are served; empty if there is no NodePort
 * @param ports every other port, with the addresses on which it is served
 * @param ownAddresses the addresses of the node
 */
record HostFrontends(PortRange nodePortRange, Set<Integer> nodePortAddresses, Map<Port, Set<Integer>> ports,
    Set<Integer> ownAddresses) {
    private static final int LOCALHOST = Ipv4Address.of("127.0.0.1");

    /** @param protocol IPPROTO_TCP or IPPROTO_UDP */
    record Port(int protocol, int number) implements Comparable<Port> {
        @Override
        public int compareTo(Port other) {
            int byNumber = Integer.compare(number, other.number);
            return byNumber != 0 ? byNumber : Integer.compare(protocol, other.protocol);
        }
    }

    HostFrontends {
        nodePortAddresses = Set.copyOf(nodePortAddresses);
        ports = Map.copyOf(ports);
        ownAddresses = Set.copyOf(ownAddresses);
    }

    /** No frontends. */
    static HostFrontends none(PortRange nodePortRange) {
        return new HostFrontends(nodePortRange, Set.of(), Map.of(), Set.of());
    }

    /** Whether the address is one of the node's own, so that its processes use it as their source, too. */
    boolean isOwn(int address) {
        return Ipv4Address.isLoopback(address) || ownAddresses.contains(address);
    }

    /** Sorts frontends by how the node reaches them. */
    static final class Builder {
        private final PortRange nodePortRange;
        private final Set<Integer> nodePortAddresses;
        private final Set<Integer> ownAddresses;
        private final Map<Port, Set<Integer>> ports = new HashMap<>();
        private boolean nodePorts;

        /**
         * @param nodePortAddresses where NodePorts are served; loopback addresses are ignored
         * @param ownAddresses of the node, as the kernel lists them
         */
        Builder(PortRange nodePortRange, Set<Integer> nodePortAddresses, Set<Integer> ownAddresses) {
            this.nodePortRange = nodePortRange;
            this.ownAddresses = new HashSet<>(ownAddresses);
            this.ownAddresses.removeIf(Ipv4Address::isLoopback);
            this.nodePortAddresses = new HashSet<>(nodePortAddresses);
            this.nodePortAddresses.removeIf(Ipv4Address::isLoopback);
        }

        /** A NodePort, on the addresses for NodePorts. */
        Builder nodePort() {
            nodePorts = true;
            return this;
        }

        /**
         * A hostPort on an address, or on all of the node's and 127.0.0.1 ({@link Ipv4Address#ANY}). One on an address that the node does
         * not have is ignored.
         */
        Builder hostPort(int address, int protocol, int port) {
            if (ManagementPorts.contains(protocol, port)) { return this; }
            if (address == Ipv4Address.ANY) {
                addresses(protocol, port).addAll(ownAddresses);
                addresses(protocol, port).add(LOCALHOST);
            } else if (ownAddresses.contains(address) || Ipv4Address.isLoopback(address)) {
                addresses(protocol, port).add(address);
            }
            return this;
        }

        /** Another frontend: of a load balancer, an external IP, or a ClusterIP that the route for Services does not cover. */
        Builder frontend(int address, int protocol, int port) {
            boolean own = ownAddresses.contains(address) || Ipv4Address.isLoopback(address);
            if (!own || !ManagementPorts.contains(protocol, port)) {
                addresses(protocol, port).add(address);
            }
            return this;
        }

        HostFrontends build() {
            return new HostFrontends(nodePortRange, nodePorts ? nodePortAddresses : Set.of(), ports, ownAddresses);
        }

        private Set<Integer> addresses(int protocol, int port) {
            return ports.computeIfAbsent(new Port(protocol, port), _ -> new HashSet<>());
        }
    }
}
