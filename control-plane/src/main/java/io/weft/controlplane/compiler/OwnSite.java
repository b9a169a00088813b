package io.weft.controlplane.compiler;

import io.weft.dataplane.table.LocalNode;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What of this node the compilation of Services depends on.
 *
 * @param nodeName endpoints with this nodeName are local
 * @param zone empty if it is not known
 * @param address the node's own; empty while it is not known
 * @param serviceCidrs addresses outside of them are no ClusterIPs
 * @param healthCheckAddresses where health check ports listen; the unspecified address for all
 */
record OwnSite(
    String nodeName, String zone, Optional<IpAddress> address, List<IpPrefix> serviceCidrs,
    Set<IpAddress> healthCheckAddresses) {
    private static final IpAddress ALL = IpAddress.ipv4(0);

    /** Before anything is known. */
    static OwnSite unknown(IpPrefix serviceCidr) {
        return new OwnSite("", "", Optional.empty(), List.of(serviceCidr), Set.of());
    }

    static OwnSite of(LocalNode node, String zone) {
        return new OwnSite(node.name(), zone, Optional.of(node.address()), node.serviceCidrs(),
            healthCheckAddresses(node.services().nodePortAddresses()));
    }

    /** As for NodePorts, but for ranges: which of their addresses the node has changes. */
    private static Set<IpAddress> healthCheckAddresses(List<IpPrefix> ranges) {
        boolean all = ranges.stream().anyMatch(range -> range.hostBits() != 0);
        return all ? Set.of(ALL) : ranges.stream().map(IpPrefix::base).collect(Collectors.toUnmodifiableSet());
    }
}
