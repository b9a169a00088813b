package io.weft.dataplane.state;

import io.weft.dataplane.table.LocalNode;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;

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
    private final int serviceBase;
    private final int serviceMask;

    LocalNode4(LocalNode node) {
        address = node.address().toInt();
        base = node.base().toInt();
        gateway = node.gateway().toInt();
        clusterBase = node.clusterCidr().base().toInt();
        clusterMask = mask(node.clusterCidr());
        serviceBase = node.serviceCidr().base().toInt();
        serviceMask = mask(node.serviceCidr());
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

    /** Whether an address is in {@link LocalNode#serviceCidr}. */
    public boolean isInServiceCidr(int candidate) {
        return (candidate & serviceMask) == serviceBase;
    }

    private static int mask(IpPrefix prefix) {
        return Ipv4Address.mask(prefix.length());
    }
}
