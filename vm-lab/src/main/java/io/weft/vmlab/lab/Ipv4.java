package io.weft.vmlab.lab;

import java.net.InetAddress;
import java.nio.ByteBuffer;

/** IPv4 addresses as the numbers that rtnetlink calls take (10.0.0.1 is 0x0A000001). */
final class Ipv4 {
    private Ipv4() {}

    static int toInt(InetAddress address) {
        return ByteBuffer.wrap(address.getAddress()).getInt();
    }
}
