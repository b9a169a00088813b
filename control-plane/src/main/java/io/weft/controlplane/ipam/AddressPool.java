package io.weft.controlplane.ipam;

import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Allocates addresses of the node's podCIDR. Three are never allocated: the lowest (the node's own, on {@code weft-host}), the next (the
 * pods' gateway) and the highest (broadcast). A released address is reused as late as possible, so that peers have forgotten its former
 * owner by then. One thread.
 */
public final class AddressPool {
    private final IpPrefix prefix;
    private final Set<IpAddress> allocated = new HashSet<>();
    private IpAddress last;

    public AddressPool(IpPrefix prefix) {
        this.prefix = prefix;
        this.last = gateway(prefix);
    }

    /** The pods' gateway in a prefix. */
    public static IpAddress gateway(IpPrefix prefix) {
        return prefix.base().plus(1);
    }

    public IpPrefix prefix() {
        return prefix;
    }

    /** @return a free address, now allocated; empty if there is none */
    public Optional<IpAddress> allocate() {
        for (long tries = 0; tries < capacity(); tries++) {
            IpAddress candidate = successor(last);
            last = candidate;
            if (allocated.add(candidate)) { return Optional.of(candidate); }
        }
        return Optional.empty();
    }

    /** Marks an address as allocated. Ignores addresses that this pool never allocates, such as those outside the prefix. */
    public void reserve(IpAddress address) {
        if (isAllocatable(address) && allocated.add(address)) {
            last = address;
        }
    }

    public void release(IpAddress address) {
        allocated.remove(address);
    }

    public long capacity() {
        return Math.max(0, (1L << Math.min(prefix.hostBits(), Long.SIZE - 2)) - 3);
    }

    public long free() {
        return capacity() - allocated.size();
    }

    private boolean isAllocatable(IpAddress address) {
        return prefix.contains(address)
            && address.compareTo(gateway(prefix)) > 0
            && !address.equals(prefix.last());
    }

    private IpAddress successor(IpAddress address) {
        return isAllocatable(address.plus(1)) ? address.plus(1) : prefix.base().plus(2);
    }
}
