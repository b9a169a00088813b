package io.weft.encap.address;

/** An IPv6 address where there is room for an IPv4 address only. */
public final class AddressFamilyException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    AddressFamilyException(IpAddress address) {
        super(address + " is no IPv4 address");
    }
}
