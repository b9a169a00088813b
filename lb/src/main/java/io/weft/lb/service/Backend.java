package io.weft.lb.service;

import io.weft.encap.address.IpAddress;

/**
 * One endpoint of a frontend; also, packed into a {@code long}, what {@link ServiceTable#choose} returns: {@code ip << 32 | port << 16
 * | flags}.
 *
 * @param port 0 to 65535
 * @param flags {@link #LOCAL}, {@link #CLUSTER_SET}, {@link #LOCAL_SET}, {@link #SERVING}, {@link #DRAINED}; 16 bits
 */
public record Backend(IpAddress ip, int port, int flags) {
    /** The endpoint is on this node. */
    public static final int LOCAL = 1;
    /** New flows are sent to it where all endpoints are used: by policy Cluster, and for insiders under an external policy Local. */
    public static final int CLUSTER_SET = 2;
    /** New flows are sent to it where policy Local applies. */
    public static final int LOCAL_SET = 4;
    /** Its established UDP flows may continue, whether or not new flows are sent to it. */
    public static final int SERVING = 8;
    /** An operator has drained it: it is in no set. For output. */
    public static final int DRAINED = 16;

    /** The packed form of no backend. */
    public static final long NONE = 0;

    public Backend {
        if (ip.isUnspecified() || port < 0 || port > 0xFFFF || flags < 0 || flags > 0xFFFF) {
            throw new IllegalArgumentException(
                "backend %s port %d flags %#x: the address must be specified, port and flags 0 to 65535".formatted(ip,
                    port, flags));
        }
    }

    /** An endpoint of another node that is ready. */
    public static Backend ready(IpAddress ip, int port) {
        return new Backend(ip, port, CLUSTER_SET | SERVING);
    }

    /** An endpoint of this node that is ready. */
    public static Backend readyHere(IpAddress ip, int port) {
        return new Backend(ip, port, LOCAL | LOCAL_SET | CLUSTER_SET | SERVING);
    }

    /** Whether all of these flags are set. */
    public boolean is(int wanted) {
        return (flags & wanted) == wanted;
    }

    public long packed() {
        return identity() | flags;
    }

    /** Address and port. They alone decide the backend's entries in a Maglev table, so these are the same on every node. */
    long identity() {
        return pack(ip.toInt(), port);
    }

    /** The packed form without flags. */
    public static long pack(int ip, int port) {
        return (long) ip << 32 | (long) port << 16;
    }

    public static int ip(long packed) {
        return (int) (packed >>> 32);
    }

    public static int port(long packed) {
        return (int) (packed >>> 16) & 0xFFFF;
    }

    public static int flags(long packed) {
        return (int) packed & 0xFFFF;
    }

    static Backend of(long packed) {
        return new Backend(IpAddress.ipv4(ip(packed)), port(packed), flags(packed));
    }

    @Override
    public String toString() {
        return (ip.isIpv4() ? ip : "[" + ip + "]") + ":" + port;
    }
}
