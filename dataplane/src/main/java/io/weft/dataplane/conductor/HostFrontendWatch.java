package io.weft.dataplane.conductor;

import io.weft.dataplane.config.PortRange;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.table.ChangedAddresses;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.TablesUpdate;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.service.FrontendKind;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Keeps {@link HostRouting} in line with the frontends in the tables and the node's addresses. A change of ClusterIPs or pods costs a
 * comparison; any other change of Services leads to one walk over the table's frontends, at most once in each {@link #pass}.
 *
 * <p>Thread: the conductor. Cold code.
 */
final class HostFrontendWatch {
    private final ForwardingState state;
    private final HostRouting routing;
    private final PortRange nodePortRange;
    private boolean stale = true;

    HostFrontendWatch(ForwardingState state, HostRouting routing, PortRange nodePortRange) {
        this.state = state;
        this.routing = routing;
        this.nodePortRange = nodePortRange;
    }

    /** @param local of the update */
    void tablesChanged(TablesUpdate update, LocalNode local) {
        ChangedAddresses changed = update.services();
        stale |= update.localChanged() || changed.isEverything();
        if (!stale) {
            List<IpPrefix> routed = routed(local);
            changed.forEach((base, length) -> stale |= !contains(routed, base));
        }
    }

    /** The kernel drops the routes of an address that is removed. */
    void addressesChanged() {
        stale = true;
        routing.invalidate();
    }

    /**
     * Applies what has changed.
     *
     * @param path asked for only then
     */
    void pass(LocalNode local, Supplier<HostRouting.Path> path) {
        if (stale) {
            stale = false;
            routing.update(read(local), path.get());
        } else {
            routing.retry();
        }
    }

    private HostFrontends read(LocalNode local) {
        Set<Integer> own = IntStream.of(state.localAddresses().toArray()).boxed().collect(Collectors.toSet());
        Set<Integer> nodePortAddresses = own.stream().filter(ip -> isForNodePorts(local, ip))
            .collect(Collectors.toSet());
        HostFrontends.Builder frontends = new HostFrontends.Builder(nodePortRange, nodePortAddresses, own);
        List<IpPrefix> routed = routed(local);
        state.tables().forWorker().services().forEachKey((vip, port, protocol, kind) -> {
            if (protocol == IpProtocol.IPPROTO_TCP || protocol == IpProtocol.IPPROTO_UDP) {
                add(frontends, routed, vip, port, protocol, kind);
            }
        });
        return frontends.build();
    }

    private static void add(HostFrontends.Builder frontends, List<IpPrefix> routed, int vip, int port, int protocol,
        int kind) {
        switch (kind) {
            case FrontendKind.NODE_PORT -> frontends.nodePort();
            case FrontendKind.HOST_PORT -> frontends.hostPort(vip, protocol, port);
            default -> {
                if (!contains(routed, vip)) {
                    frontends.frontend(vip, protocol, port);
                }
            }
        }
    }

    /** Where routes of the main table lead to {@code weft-host} ({@link HostLink}). */
    private static List<IpPrefix> routed(LocalNode local) {
        return Stream.concat(Stream.of(local.clusterCidr(), local.podCidr()), local.serviceCidrs().stream())
            .filter(IpPrefix::isIpv4).toList();
    }

    private static boolean isForNodePorts(LocalNode local, int ip) {
        return contains(local.services().nodePortAddresses(), ip);
    }

    private static boolean contains(List<IpPrefix> prefixes, int ip) {
        IpAddress address = IpAddress.ipv4(ip);
        return prefixes.stream().anyMatch(prefix -> prefix.isIpv4() && prefix.contains(address));
    }
}
