package io.weft.encap.address;

/** An IPv6 address was given where only an IPv4 address is supported. */
public final class AddressFamilyException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    AddressFamilyException(IpAddress address) {
        super(address + " is not an IPv4 address");
    }
}
