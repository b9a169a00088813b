package io.weft.lb.flow;

import io.weft.encap.memory.Memory;

/**
 * One direction of a flow: one 64-byte line, which is all that a packet of a known flow reads of its flow.
 *
 * <pre>
 *   0  k0              8  k1 (also says whether the line is in use)
 *  16  new source     20  new destination     24  new source port   26  new destination port     all as on the wire
 *  28  address delta  30  L4 delta            32  egress            36  meta: ingress 16 | flags 8 | state 8
 *  40  last seen      44  last ACK | born     48  packets           56  bytes
 * </pre>
 *
 * <p><b>Who writes, who reads, why the order suffices.</b>
 * <ul>
 * <li><i>k0, rewrite, deltas, ingress:</i> written by the inserting worker before it releases k1, never changed while the
 * line is live; read by any worker after it acquired k1. The line is written anew only after an epoch, when no reader is left.
 * <li><i>egress:</i> as k0, but that the conductor may replace it while the line is live, by a store with release: what it points to was written before. A worker uses
 * the old one or the new one.
 * <li><i>k1:</i> by compare-and-set, or by its claimer; see {@link FlowTable}.
 * <li><i>state and flags:</i> any worker and none other, by compare-and-set of the forward line; the reverse line has a copy that may lag
 * for the length of a transition, which delays a transition by a segment at worst ({@link TcpTracker}).
 * <li><i>last seen:</i> plain stores of an aligned word by any worker that has a packet of this direction; all write "now", so whichever of two stays
 * is right to the second. Read by the sweeper.
 * <li><i>last ACK:</i> opaque stores by any worker; an older number in its place makes a RST look unexpected, which costs a timeout,
 * not a connection.
 * <li><i>born:</i> in the place of TCP's last ACK for every other protocol: fixed, as k0 is.
 * <li><i>packets, bytes:</i> plain additions. RSS keeps a direction on one worker; while it moves to another, an addition may be
 * lost. They are statistics of the flow; no other counter is derived from them.
 * </ul>
 *
 * <p>All methods are static, on the line's address, without allocation. Only fixed fields and counters may be used on a line that was
 * found earlier in the same batch; never keep a line's address across batches.
 */
public final class FlowEntry {
    public static final int LENGTH = 64;

    /** Flag: the destination is rewritten in the forward direction. */
    public static final int DNAT = 1;
    /** Flag: the source is rewritten in the forward direction. */
    public static final int SNAT = 1 << 1;
    /** Flag: to a service. */
    public static final int SERVICE = 1 << 2;
    /** Flag: this is the line of the replies. */
    public static final int REVERSE = 1 << 3;
    /** Flag: picked up in its middle, so sequence numbers are known from then on only. */
    public static final int PICKED_UP = 1 << 4;
    /** Flag: a RST within the window but not at the expected number was seen and no segment since. */
    public static final int RST_SEEN = 1 << 5;
    /** Flag: the new source port is one of {@code nat.SnatPorts}, to be given back at the flow's end. */
    public static final int OWNS_PORT = 1 << 6;

    /** Bit of {@link #ingress}: the rest is the index of a tunnel peer, not a port id. */
    public static final int INGRESS_TUNNEL = 0x8000;

    static final int K0 = 0;
    static final int K1 = 8;
    static final int NEW_SOURCE = 16;
    static final int NEW_DESTINATION = 20;
    static final int NEW_SOURCE_PORT = 24;
    static final int NEW_DESTINATION_PORT = 26;
    static final int ADDRESS_DELTA = 28;
    static final int L4_DELTA = 30;
    static final int EGRESS = 32;
    static final int META = 36;
    static final int LAST_SEEN = 40;
    static final int LAST_ACK = 44;
    static final int BORN = 44;
    static final int PACKETS = 48;
    static final int BYTES = 56;

    private static final int STATE_MASK = 0xFF;
    private static final int FLAGS_SHIFT = 8;
    private static final int INGRESS_SHIFT = 16;

    /** The meta word's state. */
    public static final long META_STATE = STATE_MASK;
    /** The meta word's state and {@link #REVERSE} flag; of a UDP flow's reply before there was one they are {@link #META_UNREPLIED_REVERSE}. */
    public static final long META_STATE_AND_REVERSE = STATE_MASK | REVERSE << FLAGS_SHIFT;
    public static final long META_UNREPLIED_REVERSE = FlowState.UDP_UNREPLIED | REVERSE << FLAGS_SHIFT;

    /** The part of the meta word that both lines of a flow have in common. */
    private static final int SHARED_MASK = STATE_MASK | RST_SEEN << FLAGS_SHIFT;

    private FlowEntry() {
    }

    // -- fixed while the line is live ----------------------------------------------------------------------------------

    public static long k0(long entry) {
        return Memory.nativeI64(entry + K0);
    }

    /** The key's second word; protocol 0 when the flow has ended. */
    public static long k1(long entry) {
        return Memory.getOpaqueI64(entry + K1);
    }

    public static int newSrc(long entry) {
        return Memory.i32(entry + NEW_SOURCE);
    }

    public static int newDst(long entry) {
        return Memory.i32(entry + NEW_DESTINATION);
    }

    public static int newSport(long entry) {
        return Memory.u16(entry + NEW_SOURCE_PORT);
    }

    public static int newDport(long entry) {
        return Memory.u16(entry + NEW_DESTINATION_PORT);
    }

    /** Both new ports, the source port in the upper half. */
    public static int newPorts(long entry) {
        return Memory.i32(entry + NEW_SOURCE_PORT);
    }

    /** Both new addresses in machine order: to be stored with {@link Memory#putNativeI64} at the IPv4 header's source address. */
    public static long newAddressesRaw(long entry) {
        return Memory.nativeI64(entry + NEW_SOURCE);
    }

    /** Both new ports in machine order: to be stored with {@link Memory#putNativeI32} at the TCP or UDP header. */
    public static int newPortsRaw(long entry) {
        return Memory.nativeI32(entry + NEW_SOURCE_PORT);
    }

    /** {@link #k1} without the order that a reader of other fields needs: an acquire fence has to follow. */
    public static long plainK1(long entry) {
        return Memory.nativeI64(entry + K1);
    }

    /** Machine order: new ports as {@link #newPortsRaw}, address delta, L4 delta as on the wire; from the lowest bits on. */
    public static long portsAndDeltas(long entry) {
        return Memory.nativeI64(entry + NEW_SOURCE_PORT);
    }

    /** {@link #egress} in the lower half, {@link #meta} in the upper. */
    public static long egressAndMeta(long entry) {
        return Memory.nativeI64(entry + EGRESS);
    }

    /** Delta of the addresses, for the IPv4 header's checksum (without the TTL). */
    public static int ipDelta(long entry) {
        return Memory.u16(entry + ADDRESS_DELTA);
    }

    /** Delta for a full L4 checksum: addresses and ports; ICMP echo: the identifier alone. */
    public static int l4FullDelta(long entry) {
        return Memory.u16(entry + L4_DELTA);
    }

    /**
     * Delta for a partial L4 checksum, which is a sum over the addresses, not complemented: apply it by {@code addDelta(field, delta)}.
     * The same number as {@link #ipDelta}.
     */
    public static int l4PartialDelta(long entry) {
        return ipDelta(entry);
    }

    /** Where the packet goes, in the graph's terms. */
    public static int egress(long entry) {
        return Memory.nativeI32(entry + EGRESS);
    }

    /** Where this direction is expected from: a port id, or {@link #INGRESS_TUNNEL} and a peer's index; 16 bits. */
    public static int ingress(long entry) {
        return ingressOf(meta(entry));
    }

    public static int protocol(long entry) {
        return FlowKey.protocol(k1(entry));
    }

    // -- changing --------------------------------------------------------------------------------------------------------

    /** State, flags and ingress in one word. */
    public static int meta(long entry) {
        return Memory.getOpaqueI32(entry + META);
    }

    /** {@link #ingress(long)} from the meta word. */
    public static int ingressOf(int meta) {
        return meta >>> INGRESS_SHIFT;
    }

    /** {@link FlowState} from the meta word. */
    public static int stateOf(int meta) {
        return meta & STATE_MASK;
    }

    /** Flags from the meta word. */
    public static int flagsOf(int meta) {
        return meta >>> FLAGS_SHIFT & 0xFF;
    }

    public static int state(long entry) {
        return stateOf(meta(entry));
    }

    public static int flags(long entry) {
        return flagsOf(meta(entry));
    }

    public static boolean isReverse(long entry) {
        return (flags(entry) & REVERSE) != 0;
    }

    /** Seconds of the table's clock. */
    public static int lastSeen(long entry) {
        return Memory.getOpaqueI32(entry + LAST_SEEN);
    }

    public static long packets(long entry) {
        return Memory.getOpaqueI64(entry + PACKETS);
    }

    public static long bytes(long entry) {
        return Memory.getOpaqueI64(entry + BYTES);
    }

    /**
     * Counts one packet and notes the time.
     *
     * @param length bytes of the IP packet
     */
    public static void account(long entry, int length, int nowSeconds) {
        Memory.putNativeI32(entry + LAST_SEEN, nowSeconds);
        Memory.putNativeI64(entry + PACKETS, Memory.nativeI64(entry + PACKETS) + 1);
        Memory.putNativeI64(entry + BYTES, Memory.nativeI64(entry + BYTES) + length);
    }

    /** Lets the flow leave elsewhere from now on. The conductor alone. */
    public static void setEgress(long entry, int egress) {
        Memory.setReleaseI32(entry + EGRESS, egress);
    }

    static int lastAck(long entry) {
        return Memory.getOpaqueI32(entry + LAST_ACK);
    }

    static void setLastAck(long entry, int ack) {
        Memory.setOpaqueI32(entry + LAST_ACK, ack);
    }

    /** Milliseconds of the flow's first packet, see {@link FlowTemplate#bornMillis}; not for TCP, which has its last ACK here. */
    static int bornMillis(long entry) {
        return Memory.nativeI32(entry + BORN);
    }

    static int packMeta(int state, int flags, int ingress) {
        return state | flags << FLAGS_SHIFT | ingress << INGRESS_SHIFT;
    }

    static int withState(int meta, int state) {
        return meta & ~STATE_MASK | state;
    }

    static int withFlag(int meta, int flag) {
        return meta | flag << FLAGS_SHIFT;
    }

    static int withoutFlag(int meta, int flag) {
        return meta & ~(flag << FLAGS_SHIFT);
    }

    static boolean hasFlag(int meta, int flag) {
        return (meta & flag << FLAGS_SHIFT) != 0;
    }

    static boolean compareAndSetMeta(long entry, int expected, int value) {
        return Memory.compareAndSetI32(entry + META, expected, value);
    }

    /**
     * Brings the shared part of the reverse line's meta up to the forward line's. Compares once more after each copy, so that of two
     * transitions copied at once the later one stays.
     */
    static void copySharedMeta(long forward, long reverse) {
        int from = Memory.getVolatileI32(forward + META);
        int to = Memory.getVolatileI32(reverse + META);
        while (((from ^ to) & SHARED_MASK) != 0) {
            compareAndSetMeta(reverse, to, to & ~SHARED_MASK | from & SHARED_MASK);
            from = Memory.getVolatileI32(forward + META);
            to = Memory.getVolatileI32(reverse + META);
        }
    }
}
