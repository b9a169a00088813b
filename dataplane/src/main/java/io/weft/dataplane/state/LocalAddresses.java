package io.weft.dataplane.state;

import java.util.Arrays;

/** The node's own IPv4 addresses, as the kernel reports them: an immutable version, published in {@link ForwardingState}. */
public final class LocalAddresses {
    public static final LocalAddresses NONE = new LocalAddresses();

    private final int[] sorted;

    /** @param addresses host-numeric, any order */
    public LocalAddresses(int... addresses) {
        sorted = Arrays.stream(addresses).sorted().distinct().toArray();
    }

    public boolean contains(int address) {
        return Arrays.binarySearch(sorted, address) >= 0;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LocalAddresses addresses && Arrays.equals(sorted, addresses.sorted);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(sorted);
    }

    /** A copy. Cold code. */
    public int[] toArray() {
        return sorted.clone();
    }
}
