package io.weft.vmlab;

import io.weft.dataplane.counters.DropReason;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** Frames with one fault each, derived from a valid one, and the drop reason of each. */
public final class BadFrames {
    /** A frame to send, and its expected drop reason. */
    public static final class Bad {
        private final byte[] frame;
        private final DropReason reason;

        Bad(byte[] frame, DropReason reason) {
            this.frame = frame;
            this.reason = reason;
        }

        public byte[] frame() {
            return frame;
        }

        public DropReason reason() {
            return reason;
        }
    }

    private static final int IP = 14;
    private static final int IP_CHECKSUM = IP + 10;
    private static final int L4 = IP + 20;

    private BadFrames() {}

    /** Faulty frames that a pod may send; {@code good} is a UDP or TCP frame from that pod to another. */
    public static List<Bad> fromPod(byte[] good, InetAddress nodeAddress, InetAddress peerAddress, InetAddress service)
        throws UnknownHostException {
        boolean udp = good[IP + 9] == TestFrame.UDP;
        List<Bad> all = new ArrayList<>(truncations(good, IP));
        all.add(with(good, DropReason.IP4_BAD_VERSION, f -> f[IP] = 0x65));
        all.add(with(good, DropReason.IP4_BAD_IHL, f -> f[IP] = 0x44));
        all.add(withHeader(good, DropReason.IP4_BAD_TOTAL_LENGTH, f -> putShort(f, IP + 2, 19)));
        all.add(with(good, DropReason.IP4_BAD_CHECKSUM, f -> f[IP_CHECKSUM] ^= 0x55));
        all.add(withHeader(good, DropReason.TTL_EXPIRED, f -> f[IP + 8] = 1));
        all.add(withHeader(good, DropReason.SPOOFED_SOURCE, f -> f[IP + 15] ^= 0x10));
        all.add(withHeader(good, DropReason.MARTIAN_SOURCE, f -> f[IP + 12] = 127));
        all.add(withHeader(good, DropReason.MARTIAN_DESTINATION, f -> f[IP + 16] = 127));
        all.add(with(good, DropReason.NOT_OUR_MAC, f -> f[5] ^= 0x33));
        all.add(with(good, DropReason.ETH_UNKNOWN_TYPE, f -> putShort(f, 12, 0x88B5)));
        all.add(with(good, DropReason.VLAN_FILTERED, f -> putShort(f, 12, 0x8100)));
        if (udp) {
            all.add(with(good, DropReason.UDP_BAD_LENGTH, f -> putShort(f, L4 + 4, 7)));
            all.add(tunnelled(good, nodeAddress));
            all.add(tunnelled(good, peerAddress));
        } else {
            all.add(with(good, DropReason.TCP_BAD_OFFSET, f -> f[L4 + 12] = 0x10));
        }
        all.add(withHeader(good, DropReason.FRAG_TINY, f -> {
            System.arraycopy(service.getAddress(), 0, f, IP + 16, 4);
            f[IP + 9] = TestFrame.TCP;
            putShort(f, IP + 6, 1);
        }));
        return all;
    }

    private static Bad tunnelled(byte[] good, InetAddress endpoint) {
        return withHeader(good, DropReason.ENCAP_FROM_POD, f -> {
            System.arraycopy(endpoint.getAddress(), 0, f, IP + 16, 4);
            putShort(f, L4 + 2, 8472);
        });
    }

    /** The frame truncated to every length from the end of the Ethernet header on; {@code ip} is the offset of the IPv4 header. */
    private static List<Bad> truncations(byte[] good, int ip) {
        List<Bad> all = new ArrayList<>();
        for (int length = ip; length < good.length; length++) {
            all.add(new Bad(Arrays.copyOf(good, length), DropReason.TRUNCATED));
        }
        return all;
    }

    /** Encapsulates {@code inner} in a VXLAN packet from {@code from} to {@code to}. */
    public static byte[] encapsulate(byte[] inner, long toMac, long fromMac, InetAddress from, InetAddress to,
        int vni) {
        byte[] payload = new byte[8 + inner.length];
        ByteBuffer.wrap(payload).putInt(0x08000000).putInt(vni << 8).put(inner);
        return TestFrame.build(TestFrame.UDP, toMac, fromMac, from, 50_000, to, 8472, payload);
    }

    public static Bad with(byte[] good, DropReason reason, Consumer<byte[]> fault) {
        byte[] frame = good.clone();
        fault.accept(frame);
        return new Bad(frame, reason);
    }

    /** Like {@link #with}, but then corrects the IPv4 header checksum. */
    public static Bad withHeader(byte[] good, DropReason reason, Consumer<byte[]> fault) {
        return with(good, reason, frame -> {
            fault.accept(frame);
            TestFrame.mendIpChecksum(frame, IP);
        });
    }

    public static void putShort(byte[] frame, int at, int value) {
        ByteBuffer.wrap(frame).putShort(at, (short) value);
    }
}
