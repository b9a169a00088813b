package io.weft.perf.traffic.bed;

import io.weft.encap.address.Ipv4Address;
import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.netlink.Neighbour;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Rtnetlink;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Finds the MAC address to which frames to a destination are sent, by asking the kernel of the sender's namespace. */
final class NextHop {
    private static final int DISCARD_PORT = 9;
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private NextHop() {}

    /** Sends a datagram there, so that the kernel resolves the neighbour, and waits for it. */
    static long mac(Path namespace, int destination) throws IOException {
        long deadline = System.nanoTime() + LIMIT_NANOS;
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(namespace)) {
            int hop = rtnetlink.lookup(destination)
                .map(route -> route.gateway() == 0 ? destination : route.gateway())
                .orElseThrow(() -> new LinuxException("find a route to " + text(destination), Errno.ENETUNREACH));
            NetworkNamespace.run(namespace, () -> poke(destination));
            OptionalLong mac = known(rtnetlink, hop);
            while (mac.isEmpty() && System.nanoTime() < deadline) {
                LockSupport.parkNanos(POLL_NANOS);
                mac = known(rtnetlink, hop);
            }
            return mac.orElseThrow(() -> new IOException("no answer to ARP for " + text(hop) + " in " + namespace));
        }
    }

    private static OptionalLong known(Rtnetlink rtnetlink, int address) {
        return rtnetlink.neighbours().stream()
            .filter(neighbour -> neighbour.ip() == address && neighbour.isValid())
            .mapToLong(Neighbour::mac)
            .findFirst();
    }

    private static void poke(int destination) throws IOException {
        try (DatagramChannel channel = DatagramChannel.open(StandardProtocolFamily.INET)) {
            channel.send(ByteBuffer.allocate(1), new InetSocketAddress(inet(destination), DISCARD_PORT));
        }
    }

    static InetAddress inet(int address) throws IOException {
        return InetAddress.getByAddress(ByteBuffer.allocate(Integer.BYTES).putInt(address).array());
    }

    static int address(InetAddress address) {
        return ByteBuffer.wrap(address.getAddress()).getInt();
    }

    private static String text(int address) {
        return Ipv4Address.format(address);
    }
}
