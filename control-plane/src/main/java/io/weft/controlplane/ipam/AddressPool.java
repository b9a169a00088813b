package io.weft.controlplane.ipam;

import io.weft.encap.address.Ipv4Prefix;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Addresses of the node's pod prefix. The lowest is the node's own on {@code weft-host}, the next the pods' gateway, the
 * highest the broadcast address: none of these is given. A freed address comes round last, so that a peer's idea of its
 * former owner has time to pass. One thread.
 */
public final class AddressPool {
    private final Ipv4Prefix prefix;
    private final Set<Integer> taken = new HashSet<>();
    private int last;

    public AddressPool(Ipv4Prefix prefix) {
        this.prefix = prefix;
        this.last = gateway(prefix);
    }

    /** The pods' gateway in a prefix. */
    public static int gateway(Ipv4Prefix prefix) {
        return prefix.base() + 1;
    }

    public Ipv4Prefix prefix() {
        return prefix;
    }

    /** @return an address nobody has, now taken, or empty when there is none */
    public OptionalInt take() {
        for (long tries = 0; tries < capacity(); tries++) {
            int candidate = successor(last);
            last = candidate;
            if (taken.add(candidate)) { return OptionalInt.of(candidate); }
        }
        return OptionalInt.empty();
    }

    /** Marks an address known from before; one outside the prefix is nobody's business here. */
    public void reserve(int address) {
        if (isGivable(address) && taken.add(address)) {
            last = address;
        }
    }

    public void release(int address) {
        taken.remove(address);
    }

    public long capacity() {
        return Math.max(0, (1L << (32 - prefix.length())) - 3);
    }

    public long free() {
        return capacity() - taken.size();
    }

    private boolean isGivable(int address) {
        return prefix.contains(address)
            && Integer.compareUnsigned(address, gateway(prefix)) > 0
            && address != prefix.last();
    }

    private int successor(int address) {
        return isGivable(address + 1) ? address + 1 : prefix.base() + 2;
    }
}
