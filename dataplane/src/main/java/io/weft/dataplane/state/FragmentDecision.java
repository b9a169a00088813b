package io.weft.dataplane.state;

/**
 * What happens to the later fragments of a datagram, as decided on its first fragment: a value that is copied into and out of
 * {@link FragmentTable}.
 *
 * <p>Thread: one worker. Allocation: none after construction.
 */
public final class FragmentDecision {
    /** {@link #action}: forward, as a router does: TTL and MTU. */
    public static final int FORWARD = 0;
    /** {@link #action}: the node itself answers or consumes the datagram; it is not forwarded. */
    public static final int LOCAL = 1;
    /** {@link #action}: drop under {@link #reason}. */
    public static final int DROP = 2;

    public int action;
    /** Of a drop: ordinal of the reason. */
    public int reason;
    /** Both new addresses, source first, in machine order ({@code Ipv4Header.setAddressesRaw}). */
    public long newAddressesRaw;
    /** Change of the IPv4 header's checksum by the new addresses, a delta of {@code InternetChecksum}. */
    public int addressDelta;
    /** Where the fragments go, an {@code Egress}. */
    public int egress;
    /** The flow's hash: all fragments of a datagram take one path through the tunnel. */
    public int hash;
}
