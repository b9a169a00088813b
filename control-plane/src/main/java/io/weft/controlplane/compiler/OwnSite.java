package io.weft.controlplane.compiler;

import io.weft.dataplane.table.LocalNode;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What of this node the compilation of Services depends on.
 *
 * @param nodeName endpoints with this nodeName are local
 * @param zone empty if it is not known
 * @param address the node's own; empty while it is not known
 * @param serviceCidrs addresses outside of them are no ClusterIPs
 */
record OwnSite(String nodeName, String zone, Optional<IpAddress> address, List<IpPrefix> serviceCidrs) {
    static OwnSite of(LocalNode node, String zone) {
        List<IpPrefix> cidrs = new ArrayList<>();
        cidrs.add(node.serviceCidr());
        cidrs.addAll(node.services().moreServiceCidrs());
        return new OwnSite(node.name(), zone, Optional.of(node.address()), List.copyOf(cidrs));
    }
}
