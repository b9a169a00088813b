package io.weft.lb.service;

import io.weft.encap.address.IpAddress;

/**
 * Where clients reach a frontend.
 *
 * @param vip an address, or {@link #NODE_ADDRESSES}
 * @param port 0 to 65535
 * @param protocol IP protocol number
 */
public record ServiceKey(IpAddress vip, int port, int protocol) {
    /** In place of an address: the node's own addresses, as far as the frontend's kind serves them. */
    public static final IpAddress NODE_ADDRESSES = IpAddress.ipv4(0);

    public ServiceKey {
        if (port < 0 || port > 0xFFFF || protocol < 0 || protocol > 0xFF) {
            throw new IllegalArgumentException(
                "service %s port %d protocol %d: the port must be 0 to 65535, the protocol 0 to 255".formatted(vip,
                    port, protocol));
        }
    }

    /** Whether the frontend is on the node's own addresses instead of one of its own. */
    public boolean isOnNode() {
        return vip.equals(NODE_ADDRESSES);
    }

    long packed() {
        return pack(vip.toInt(), port, protocol);
    }

    static long pack(int vip, int port, int protocol) {
        return (long) vip << 32 | (long) port << 16 | protocol;
    }

    static int vip(long packed) {
        return (int) (packed >>> 32);
    }

    static int port(long packed) {
        return (int) (packed >>> 16) & 0xFFFF;
    }

    static int protocol(long packed) {
        return (int) packed & 0xFF;
    }
}
