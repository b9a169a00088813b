package io.weft.dataplane.table;

import io.weft.encap.address.IpPrefix;
import java.util.List;

/**
 * What holds for all Services of this node.
 *
 * @param nodePortAddresses NodePorts are served on those of the node's addresses that are in one of these ranges; none if empty
 * @param masqueradeAll whether every flow to a ClusterIP takes an address of the node as its source
 * @param localPods which clients are pods of this node
 * @param moreServiceCidrs addresses of ClusterIPs besides {@link LocalNode#serviceCidr}
 */
public record ServiceRules(
    List<IpPrefix> nodePortAddresses, boolean masqueradeAll, LocalPods localPods, List<IpPrefix> moreServiceCidrs) {
    /** Maximum number of ranges in each list. */
    public static final int MAX_RANGES = 16;

    public ServiceRules {
        nodePortAddresses = List.copyOf(nodePortAddresses);
        moreServiceCidrs = List.copyOf(moreServiceCidrs);
        requireFew("nodePortAddresses", nodePortAddresses);
        requireFew("service CIDRs", moreServiceCidrs);
    }

    private static void requireFew(String what, List<IpPrefix> ranges) {
        if (ranges.size() > MAX_RANGES) {
            throw new IllegalArgumentException(
                "%d %s; at most %d are supported".formatted(ranges.size(), what, MAX_RANGES));
        }
    }

    /** NodePorts on the node's address only, as kube-proxy's nftables mode serves them by default. */
    public static ServiceRules defaults(IpPrefix nodeAddress) {
        return new ServiceRules(List.of(nodeAddress), false, LocalPods.NODE_CIDR, List.of());
    }
}
