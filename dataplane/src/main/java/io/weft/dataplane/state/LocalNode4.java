package io.weft.dataplane.state;

import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.LocalPods;
import io.weft.dataplane.table.ServiceRules;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What packets are compared with of the {@link LocalNode}: its IPv4 addresses and prefixes as numbers. Immutable, made once for each version
 * of the tables.
 */
public final class LocalNode4 {
    private final int address;
    private final int base;
    private final int gateway;
    private final int clusterBase;
    private final int clusterMask;
    private final int podBase;
    private final int podMask;
    /** Base and mask of each range. */
    private final int[] serviceRanges;
    private final int[] nodePortRanges;
    private final LocalPods localPods;
    private final boolean masqueradeAll;

    LocalNode4(LocalNode node) {
        address = node.address().toInt();
        base = node.base().toInt();
        gateway = node.gateway().toInt();
        clusterBase = node.clusterCidr().base().toInt();
        clusterMask = mask(node.clusterCidr());
        podBase = node.podCidr().base().toInt();
        podMask = mask(node.podCidr());
        serviceRanges = ranges(node.serviceCidrs());
        nodePortRanges = ranges(node.services().nodePortAddresses());
        localPods = node.services().localPods();
        masqueradeAll = node.services().masqueradeAll();
    }

    /** {@link LocalNode#address}. */
    public int address() {
        return address;
    }

    /** {@link LocalNode#base}. */
    public int base() {
        return base;
    }

    /** {@link LocalNode#gateway}. */
    public int gateway() {
        return gateway;
    }

    /** Whether an address is in {@link LocalNode#clusterCidr}. */
    public boolean isInClusterCidr(int candidate) {
        return (candidate & clusterMask) == clusterBase;
    }

    /** Whether an address is in one of {@link LocalNode#serviceCidrs}. */
    public boolean isInServiceCidr(int candidate) {
        return isInside(candidate, serviceRanges);
    }

    /** Whether an address is in {@link LocalNode#podCidr}. */
    public boolean isInPodCidr(int candidate) {
        return (candidate & podMask) == podBase;
    }

    /** Whether NodePorts are served on an address, if it is the node's: {@link ServiceRules#nodePortAddresses}. Never on 127/8. */
    public boolean isForNodePorts(int candidate) {
        return !Ipv4Address.isLoopback(candidate) && isInside(candidate, nodePortRanges);
    }

    /** Whether a client counts as a pod of this node: {@link ServiceRules#localPods}. */
    public boolean isLocalPod(int client) {
        return switch (localPods) {
            case NODE_CIDR -> isInPodCidr(client);
            case CLUSTER_CIDR -> isInClusterCidr(client);
            case NONE -> false;
        };
    }

    /** Whether it can be told which clients are pods of this node. */
    public boolean knowsLocalPods() {
        return localPods != LocalPods.NONE;
    }

    /** {@link ServiceRules#masqueradeAll}. */
    public boolean masqueradesAll() {
        return masqueradeAll;
    }

    private static boolean isInside(int candidate, int[] ranges) {
        for (int i = 0; i < ranges.length; i += 2) {
            if ((candidate & ranges[i + 1]) == ranges[i]) { return true; }
        }
        return false;
    }

    private static int[] ranges(List<IpPrefix> prefixes) {
        return prefixes.stream().flatMapToInt(prefix -> IntStream.of(prefix.base().toInt(), mask(prefix))).toArray();
    }

    private static int mask(IpPrefix prefix) {
        return Ipv4Address.mask(prefix.length());
    }
}
