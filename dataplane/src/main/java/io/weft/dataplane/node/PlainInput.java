package io.weft.dataplane.node;

import io.weft.dataplane.counters.NodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.TcpHeader;
import io.weft.encap.packet.UdpHeader;
import io.weft.lb.flow.FlowKey;

/**
 * The short way's {@code ip4-input}: IPv4 and L4 headers, each loaded once, as few words, and looked at in registers.
 *
 * <p>Whether ports and addresses make sense is not asked: a flow that is found was made by a packet of which all was asked.
 */
final class PlainInput extends PlainStage {
    private static final long LOW_32 = 0xFFFF_FFFFL;
    private static final int UDP_LENGTH = Ipv4Header.LENGTH + 4;
    private static final int TCP_OFFSET = Ipv4Header.LENGTH + 12;
    /** Version, IHL, more-fragments bit and fragment offset; the bit of "don't fragment" and the reserved one are left out. */
    static final long FORM_MASK = 0xFF3F_0000_0000_00FFL;
    static final long FORM = 0x45;
    private static final int HALF = 0xFFFF;

    PlainInput() {
        super(NodeId.IP4_INPUT);
    }

    /** Takes what {@link PlainEthernet} and {@link PlainDecap} have set, of which {@link PlainFrames#TRAITS} is the ingress. */
    @Override
    int process(FrameBatch batch, PlainFrames frames) {
        int size = batch.size;
        long[] words = frames.words;
        for (int frame = 0; frame < size; frame++) {
            int line = frame * PlainFrames.WORDS;
            long ip = Memory.address(words[line + PlainFrames.IP]);
            words[line + PlainFrames.K1] = PlainFrames.NOT_PLAIN;
            if (ip == 0) {
                continue;
            }
            long first = Memory.nativeI64(ip);
            long second = Memory.nativeI64(ip + 8);
            long third = Memory.nativeI64(ip + 16);
            long addressSum = (second >>> 32) + (third & LOW_32);
            long headerSum = (first & LOW_32) + (first >>> 32) + (second & LOW_32) + addressSum;
            int totalLength = swap16((int) (first >>> 16));
            int negative = (int) words[line + PlainFrames.REMAINING] - totalLength | ((int) second & 0xFF) - 2;
            if ((first & FORM_MASK ^ FORM | negative >>> 31) != 0 || !InternetChecksum.isAllOnes(headerSum)) {
                continue;
            }
            int protocol = (int) (second >>> 8) & 0xFF;
            int l4Length = totalLength - Ipv4Header.LENGTH;
            int flagsAndChecksum = protocol == IpProtocol.IPPROTO_UDP ? udp(ip, l4Length) : tcp(ip, protocol, l4Length);
            if (flagsAndChecksum < 0) {
                continue;
            }
            int checksum = flagsAndChecksum & HALF;
            // The folded sum is the field if the sum less the field is a multiple of 65535; a sum is never folded to 0.
            long difference = addressSum + (protocol << 8) + swap16(l4Length) + (checksum ^ HALF);
            int partial = checksum != 0 && InternetChecksum.isAllOnes(difference) ? PlainFrames.PARTIAL : 0;
            long k0 = Long.reverseBytes(second >>> 32 | third << 32);
            long k1 = FlowKey.ofPorts(Integer.reverseBytes((int) (third >>> 32)), protocol);
            words[line + PlainFrames.K0] = k0;
            words[line + PlainFrames.K1] = k1;
            words[line + PlainFrames.DIGEST] = second & LOW_32 | (long) checksum << PlainFrames.L4_CHECKSUM_SHIFT
                | (long) totalLength << PlainFrames.LENGTH_SHIFT;
            int traits = (int) words[line + PlainFrames.TRAITS] | ((int) first >>> 8 & 3) << PlainFrames.ECN_SHIFT
                | partial | (flagsAndChecksum >>> 16) << PlainFrames.TCP_FLAGS_SHIFT;
            words[line + PlainFrames.TRAITS] = (long) FlowHash.hash(k0, k1) << PlainFrames.HASH_SHIFT
                | traits & LOW_32;
        }
        return size;
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
