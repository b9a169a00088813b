package io.weft.lb.service;

import io.weft.encap.address.IpAddress;

/**
 * Where clients reach a service.
 *
 * @param port 0 to 65535
 * @param protocol IP protocol number
 */
public record ServiceKey(IpAddress vip, int port, int protocol) {
    public ServiceKey {
        if (port < 0 || port > 0xFFFF || protocol < 0 || protocol > 0xFF) {
            throw new IllegalArgumentException(
                "service %s port %d protocol %d: the port must be 0 to 65535, the protocol 0 to 255".formatted(vip,
                    port, protocol));
        }
    }

    long packed() {
        return pack(vip.toInt(), port, protocol);
    }

    static long pack(int vip, int port, int protocol) {
        return (long) vip << 32 | (long) port << 16 | protocol;
    }
}
