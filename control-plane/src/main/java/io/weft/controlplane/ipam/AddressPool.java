package io.weft.controlplane.ipam;

import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Addresses of the node's pod prefix. The lowest is the node's own on {@code weft-host}, the next the pods' gateway, the
 * highest the broadcast address: none of these is given. A freed address comes round last, so that a peer's idea of its
 * former owner has time to pass. One thread.
 */
public final class AddressPool {
    private final IpPrefix prefix;
    private final Set<IpAddress> taken = new HashSet<>();
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

    /** @return an address nobody has, now taken, or empty when there is none */
    public Optional<IpAddress> take() {
        for (long tries = 0; tries < capacity(); tries++) {
            IpAddress candidate = successor(last);
            last = candidate;
            if (taken.add(candidate)) { return Optional.of(candidate); }
        }
        return Optional.empty();
    }

    /** Marks an address known from before; one outside the prefix is nobody's business here. */
    public void reserve(IpAddress address) {
        if (isGivable(address) && taken.add(address)) {
            last = address;
        }
    }

    public void release(IpAddress address) {
        taken.remove(address);
    }

    public long capacity() {
        return Math.max(0, (1L << Math.min(prefix.hostBits(), Long.SIZE - 2)) - 3);
    }

    public long free() {
        return capacity() - taken.size();
    }

    private boolean isGivable(IpAddress address) {
        return prefix.contains(address)
            && address.compareTo(gateway(prefix)) > 0
            && !address.equals(prefix.last());
    }

    private IpAddress successor(IpAddress address) {
        return isGivable(address.plus(1)) ? address.plus(1) : prefix.base().plus(2);
    }
}
