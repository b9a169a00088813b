package io.weft.dataplane.node;

import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.state.PortDirectory;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.TcpHeader;
import io.weft.encap.packet.UdpHeader;
import io.weft.lb.flow.FlowKey;

/**
 * First stage of the short way: in one pass what {@code ethernet-input} and {@code ip4-input} find out. Each header is loaded once, as few words,
 * and looked at in registers; what must hold is gathered in one number before it is asked for, because a branch costs the JIT registers.
 *
 * <p>Whether ports and addresses make sense is not asked: a flow that is found was made by a packet of which all was asked.
 */
final class PlainInput {
    private static final long LOW_32 = 0xFFFF_FFFFL;
    private static final int LEAST = EthernetHeader.LENGTH + Ipv4Header.LENGTH + UdpHeader.LENGTH;
    private static final int SOURCE_AT = EthernetHeader.LENGTH + 12;
    private static final int ADDRESSES = 12;
    private static final int UDP_LENGTH = Ipv4Header.LENGTH + 4;
    private static final int TCP_OFFSET = Ipv4Header.LENGTH + 12;
    /** Version, IHL, more-fragments bit and fragment offset; the bit of "don't fragment" and the reserved one are left out. */
    static final long FORM_MASK = 0xFF3F_0000_0000_00FFL;
    static final long FORM = 0x45;
    private static final int HALF = 0xFFFF;

    private PlainInput() {
    }

    static void process(FrameBatch batch, long[] words, PortDirectory directory, PlainTunnel tunnel) {
        int size = batch.size;
        long[] at = batch.at;
        int[] length = batch.length;
        int[] port = batch.port;
        long[] pods = directory.plainPods();
        for (int frame = 0; frame < size; frame++) {
            int line = frame * PlainFrames.WORDS;
            int pod = port[frame] * PortDirectory.PLAIN_WORDS;
            words[line + PlainFrames.K1] = PlainFrames.NOT_PLAIN;
            if (port[frame] == PortDirectory.UPLINK_PORT) {
                tunnel.input(words, line, at[frame], length[frame]);
            } else if (length[frame] >= LEAST) {
                fromPod(words, line, Memory.address(at[frame]), length[frame], port[frame], pods[pod], pods[pod + 1],
                    (int) pods[pod + 2]);
            }
        }
    }

    /** Leaves all frames to the nodes. */
    static void refuse(int size, long[] words) {
        for (int frame = 0; frame < size; frame++) {
            words[frame * PlainFrames.WORDS + PlainFrames.K1] = PlainFrames.NOT_PLAIN;
        }
    }

    private static void fromPod(long[] words, int line, long at, int length, int ingress, long ethernet,
        long sourceAndType, int source) {
        long odd = Memory.nativeI64(at) ^ ethernet | Memory.nativeI64(at + 6) ^ sourceAndType
            | Memory.nativeI32(at + SOURCE_AT) ^ source;
        packet(words, line, at + EthernetHeader.LENGTH, length - EthernetHeader.LENGTH, ingress, odd);
    }

    /**
     * @param ip IPv4 header, of which and of a UDP header there are enough bytes
     * @param remaining bytes from there on
     * @param oddBefore not 0: something before the packet is odd
     */
    static void packet(long[] words, int line, long ip, int remaining, int ingress, long oddBefore) {
        long first = Memory.nativeI64(ip);
        long second = Memory.nativeI64(ip + 8);
        long third = Memory.nativeI64(ip + 16);
        long addressSum = (second >>> 32) + (third & LOW_32);
        long headerSum = (first & LOW_32) + (first >>> 32) + (second & LOW_32) + addressSum;
        int totalLength = swap16((int) (first >>> 16));
        int negative = remaining - totalLength | ((int) second & 0xFF) - 2;
        long odd = oddBefore | first & FORM_MASK ^ FORM | InternetChecksum.fold(headerSum) ^ HALF | negative >>> 31;
        if (odd == 0) {
            transport(words, line, ip, first, second, (int) (third >>> 32), addressSum, ingress);
        }
    }

    private static void transport(long[] words, int line, long ip, long first, long second, int wirePorts,
        long addressSum, int ingress) {
        int protocol = (int) (second >>> 8) & 0xFF;
        int totalLength = swap16((int) (first >>> 16));
        int l4Length = totalLength - Ipv4Header.LENGTH;
        int flagsAndChecksum = protocol == IpProtocol.IPPROTO_UDP ? udp(ip, l4Length) : tcp(ip, protocol, l4Length);
        if (flagsAndChecksum < 0) { return; }
        int checksum = flagsAndChecksum & HALF;
        int difference = InternetChecksum.fold(addressSum + (protocol << 8) + swap16(l4Length)) ^ checksum;
        long k0 = Memory.i64(ip + ADDRESSES);
        long k1 = FlowKey.ofPorts(Integer.reverseBytes(wirePorts), protocol);
        words[line + PlainFrames.K0] = k0;
        words[line + PlainFrames.K1] = k1;
        words[line + PlainFrames.IP] = ip;
        words[line + PlainFrames.DIGEST] = second & LOW_32 | (long) checksum << PlainFrames.L4_CHECKSUM_SHIFT
            | (long) totalLength << PlainFrames.LENGTH_SHIFT;
        words[line + PlainFrames.TRAITS] = (long) FlowHash.hash(k0, k1) << PlainFrames.HASH_SHIFT
            | ingress | ((int) first >>> 8 & 3) << PlainFrames.ECN_SHIFT
            | difference - 1 >>> 31 << PlainFrames.PARTIAL_SHIFT
            | (flagsAndChecksum >>> 16 & 0xFF) << PlainFrames.TCP_FLAGS_SHIFT & LOW_32;
    }

    /** @return the checksum field as on the wire, or a negative number when something is odd */
    private static int udp(long ip, int l4Length) {
        int lengthAndChecksum = Memory.nativeI32(ip + UDP_LENGTH);
        int length = swap16(lengthAndChecksum);
        return lengthAndChecksum >>> 16 | (length - UdpHeader.LENGTH | l4Length - length) & Integer.MIN_VALUE;
    }

    /** @return the flags, and in the lower half the checksum field as on the wire; or a negative number when something is odd */
    private static int tcp(long ip, int protocol, int l4Length) {
        if (protocol != IpProtocol.IPPROTO_TCP || l4Length < TcpHeader.LENGTH) { return -1; }
        long word = Memory.nativeI64(ip + TCP_OFFSET);
        int headerLength = (int) word >>> 2 & 0x3C;
        int flags = (int) word >>> 8 & 0xFF;
        if (!TcpHeader.isValidCombination(flags)) { return -1; }
        return (int) (word >>> 32) & HALF | flags << 16
            | (headerLength - TcpHeader.LENGTH | l4Length - headerLength) & Integer.MIN_VALUE;
    }

    /** The lower half, its two bytes exchanged. */
    static int swap16(int value) {
        return Character.reverseBytes((char) value);
    }
}
