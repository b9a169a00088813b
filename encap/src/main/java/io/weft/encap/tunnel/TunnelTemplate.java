package io.weft.encap.tunnel;

import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.UdpHeader;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The 64 bytes in front of every IPv4 packet to one tunnel endpoint (outer Ethernet, IPv4, UDP, VXLAN, inner Ethernet), ready but for
 * what differs from packet to packet: lengths, IPv4 checksum, TOS, UDP source port. Eight words, which is why the inner Ethernet
 * header is one of them.
 *
 * <p>A slot is {@link #SLOT_LENGTH} bytes at an address that is a multiple of 64:
 *
 * <pre>
 *   0  copy 0: the header bytes; in place of the outer IPv4 checksum the sum of that header with length, TOS and checksum 0
 *  64  copy 1
 * 128  sequence (64 bits): its lowest bit says which copy readers use; the rest of this line, from {@link #OWNER_OFFSET} on, is the owner's
 * </pre>
 *
 * <p><b>Why two copies.</b> A plain sequence lock makes readers wait for its writer, and a writer that is preempted
 * or killed in the middle stops every packet of the tunnel. Here the writer changes the copy nobody reads, turns the
 * readers to it, changes the other and turns them back (the kernel calls this a latch). A reader goes round again
 * only if the writer moved meanwhile, and then finds a whole copy. At rest readers use copy 0.
 *
 * <p>Threads: one writer, which may be another process; any number of readers. A zeroed slot is empty. Allocation:
 * none.
 *
 * <p>Outer header rules: DF set and identification 0 (RFC 6864), UDP checksum 0 (RFC 7348 section 5), source port
 * 0xC000 + 14 bits of the flow hash (RFC 7348 section 5: entropy from the dynamic range).
 */
public final class TunnelTemplate {
    /** Bytes in front of the inner frame. */
    public static final int OUTER_LENGTH = EthernetHeader.LENGTH + Ipv4Header.LENGTH + UdpHeader.LENGTH
        + VxlanHeader.LENGTH;
    /** Bytes in front of the inner packet. */
    public static final int LENGTH = OUTER_LENGTH + EthernetHeader.LENGTH;

    public static final int SLOT_LENGTH = 192;
    public static final int SLOT_ALIGNMENT = 64;
    /** Where the 56 bytes of a slot begin that are not used here. */
    public static final int OWNER_OFFSET = 136;

    private static final int SEQUENCE_OFFSET = 128;
    private static final int IP_OFFSET = EthernetHeader.LENGTH;
    private static final int UDP_OFFSET = IP_OFFSET + Ipv4Header.LENGTH;
    private static final int VXLAN_OFFSET = UDP_OFFSET + UdpHeader.LENGTH;
    private static final int CHECKSUM_SHIFT = 48;
    private static final long CHECKSUM_MASK = 0xFFFFL << CHECKSUM_SHIFT;

    private static final int SOURCE_PORT_BASE = 0xC000;
    private static final int SOURCE_PORT_MASK = 0x3FFF;
    private static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    private TunnelTemplate() {
    }

    // -- writer ------------------------------------------------------------------------------------------------------

    /**
     * Publishes a new template. MAC addresses as in {@link EthernetHeader}, addresses numeric.
     *
     * @param destinationPort UDP port of the tunnel
     */
    public static void write(long slot, long destinationMac, long sourceMac, int source, int destination,
        int destinationPort, int vni, long innerDestinationMac, long innerSourceMac) {
        for (int copy = readersUseCopy0(slot) ? 1 : 0; copy >= 0; copy--) {
            long at = slot + (long) copy * LENGTH;
            writeOuter(at, destinationMac, sourceMac, source, destination, destinationPort, vni);
            EthernetHeader.write(at + OUTER_LENGTH, innerDestinationMac, innerSourceMac, EthernetHeader.ETH_P_IP);
            turnReaders(slot);
        }
    }

    /** Empties the slot: {@link #encap} refuses until the next {@link #write}. For a next hop that is gone. */
    public static void withdraw(long slot) {
        for (int copy = readersUseCopy0(slot) ? 1 : 0; copy >= 0; copy--) {
            Memory.zero(slot + (long) copy * LENGTH, LENGTH);
            turnReaders(slot);
        }
    }

    /** False only after a writer died between its two copies; copy 1 is then the whole one. */
    private static boolean readersUseCopy0(long slot) {
        return (Memory.getAcquireI64(slot + SEQUENCE_OFFSET) & 1) == 0;
    }

    /**
     * Release: readers who see the new number see the copy it names. Fence: the other copy is not touched before they
     * can see it.
     */
    private static void turnReaders(long slot) {
        Memory.setReleaseI64(slot + SEQUENCE_OFFSET, Memory.nativeI64(slot + SEQUENCE_OFFSET) + 1);
        VarHandle.storeStoreFence();
    }

    private static void writeOuter(long at, long destinationMac, long sourceMac, int source, int destination,
        int destinationPort, int vni) {
        EthernetHeader.write(at, destinationMac, sourceMac, EthernetHeader.ETH_P_IP);
        Ipv4Header.write(at + IP_OFFSET, 0, 0, IpProtocol.IPPROTO_UDP, source, destination);
        Ipv4Header.setChecksum(at + IP_OFFSET, ~Ipv4Header.checksum(at + IP_OFFSET));
        UdpHeader.write(at + UDP_OFFSET, 0, destinationPort, 0);
        VxlanHeader.write(at + VXLAN_OFFSET, vni);
    }

    // -- readers -----------------------------------------------------------------------------------------------------

    /**
     * Writes the headers into the {@link #LENGTH} bytes before a packet: eight loads, patches in registers, eight stores.
     *
     * @param slotAt the slot
     * @param ipAt inner IPv4 header; 64 bytes of headroom must be before it
     * @param ipLength its total length; at most 65471
     * @param flowHash of the inner flow
     * @param tos outer TOS, see {@link io.weft.encap.packet.Ecn#encapsulate}
     * @return false, and nothing written, when the slot is empty
     */
    public static boolean encap(long slotAt, long ipAt, int ipLength, int flowHash, int tos) {
        long slot = Memory.address(slotAt);
        long w0;
        long w1;
        long w2;
        long w3;
        long w4;
        long w5;
        long w6;
        long w7;
        long sequence;
        do {
            sequence = Memory.getAcquireI64(slot + SEQUENCE_OFFSET);
            long copy = (sequence & 1) == 0 ? slot : slot + LENGTH; // predicted, so the loads need not wait for the sequence
            w0 = Memory.nativeI64(copy);
            w1 = Memory.nativeI64(copy + 8);
            w2 = Memory.nativeI64(copy + 16);
            w3 = Memory.nativeI64(copy + 24);
            w4 = Memory.nativeI64(copy + 32);
            w5 = Memory.nativeI64(copy + 40);
            w6 = Memory.nativeI64(copy + 48);
            w7 = Memory.nativeI64(copy + 56);
            VarHandle.loadLoadFence();
        } while (Memory.getOpaqueI64(slot + SEQUENCE_OFFSET) != sequence);
        if (w1 == 0) { return false; }
        int totalLength = ipLength + LENGTH - IP_OFFSET;
        long outer = Memory.address(ipAt - LENGTH);
        Memory.putNativeI64(outer, w0);
        Memory.putNativeI64(outer + 8, w1 | inNativeOrder(tos));
        Memory.putNativeI64(outer + 16, w2 | inNativeOrder((long) totalLength << 48));
        Memory.putNativeI64(outer + 24, withChecksum(w3, totalLength + tos));
        Memory.putNativeI64(outer + 32, w4 | inNativeOrder(udpPortAndLength(flowHash, totalLength)));
        Memory.putNativeI64(outer + 40, w5);
        Memory.putNativeI64(outer + 48, w6);
        Memory.putNativeI64(outer + 56, w7);
        return true;
    }

    /**
     * Copies the template as it is now, whole; all zero when the slot is empty.
     *
     * @param words where to, {@link #LENGTH} bytes from {@code first} on, in machine order
     */
    public static void read(long slot, long[] words, int first) {
        long sequence;
        do {
            sequence = Memory.getAcquireI64(slot + SEQUENCE_OFFSET);
            long copy = (sequence & 1) == 0 ? slot : slot + LENGTH;
            for (int word = 0; word < LENGTH / Long.BYTES; word++) {
                words[first + word] = Memory.nativeI64(copy + (long) word * Long.BYTES);
            }
            VarHandle.loadLoadFence();
        } while (Memory.getOpaqueI64(slot + SEQUENCE_OFFSET) != sequence);
    }

    /** Whether {@link #encap} would succeed. */
    public static boolean isReady(long slot) {
        return Memory.getOpaqueI64(slot + (Memory.getAcquireI64(slot + SEQUENCE_OFFSET) & 1) * LENGTH + 8) != 0;
    }

    /** RFC 1624 from a base with both fields 0: the new words are simply added to the sum. */
    private static long withChecksum(long templateWord, int added) {
        long word = inNativeOrder(templateWord);
        int checksum = ~InternetChecksum.fold32((int) (word >>> CHECKSUM_SHIFT) + added);
        return inNativeOrder(word & ~CHECKSUM_MASK | (long) checksum << CHECKSUM_SHIFT);
    }

    /** The patch of header bytes 32 to 39: source port at 34, UDP length at 38. */
    private static long udpPortAndLength(int flowHash, int totalLength) {
        long sourcePort = SOURCE_PORT_BASE | flowHash & SOURCE_PORT_MASK;
        return sourcePort << 32 | totalLength - Ipv4Header.LENGTH;
    }

    /** A big-endian word as the machine loads it, and the way back. */
    private static long inNativeOrder(long word) {
        return LITTLE_ENDIAN ? Long.reverseBytes(word) : word;
    }
}
