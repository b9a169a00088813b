package io.weft.lb.flow;

import io.weft.encap.memory.Memory;

/**
 * One direction of a flow, in one 64-byte slot, which is one cache line. A packet of a known flow reads nothing else of its flow.
 *
 * <pre>
 *   0  k0              8  k1 (also says whether the slot is in use)
 *  16  new source     20  new destination     24  new source port   26  new destination port     all as on the wire
 *  28  address delta  30  L4 delta            32  egress            36  meta: ingress 16 | flags 8 | state 8
 *  40  last seen      44  last ACK | born     48  packets           56  bytes
 * </pre>
 *
 * <p><b>Who writes, who reads, and why the order is enough.</b>
 * <ul>
 * <li><i>k0, rewrite, deltas, ingress:</i> the inserting worker writes them before it releases k1; they never change while the entry is in
 * use. Any worker reads them after it acquired k1. The slot is written again only after an epoch, when no reader is left.
 * <li><i>egress:</i> like k0, except that the conductor may replace it while the entry is in use, by a release store: what it refers to was
 * written before. A worker uses the old value or the new one.
 * <li><i>k1:</i> by compare-and-set, or by the thread that claimed the slot; see {@link FlowTable}.
 * <li><i>state and flags:</i> only workers write them, any of them, by compare-and-set on the forward entry. The reverse entry has a copy
 * that may lag for the length of a transition, which delays a transition by at most one segment ({@link TcpTracker}).
 * <li><i>last seen:</i> plain stores of an aligned word by any worker that has a packet of this direction. All write the current time, so
 * either of two values is right to the second. The flow expiry reads it.
 * <li><i>last ACK:</i> opaque stores by any worker. If an older number overwrites it, a RST looks unexpected, which costs a timeout, not a
 * connection.
 * <li><i>born:</i> replaces TCP's last ACK for every other protocol; fixed, like k0.
 * <li><i>packets, bytes:</i> plain additions. RSS keeps a direction on one worker; while it moves to another, an addition may be lost. They
 * are statistics of the flow only; no other counter is derived from them.
 * </ul>
 *
 * <p>All methods are static, take the slot's address and do not allocate. On a slot that was found earlier in the same batch, use only
 * fixed fields and counters. Never keep a slot's address across batches.
 */
public final class FlowEntry {
    public static final int LENGTH = 64;

    /** Flag: the destination is rewritten in the forward direction. */
    public static final int DNAT = 1;
    /** Flag: the source is rewritten in the forward direction. */
    public static final int SNAT = 1 << 1;
    /** Flag: to a service. */
    public static final int SERVICE = 1 << 2;
    /** Flag: this is the entry of the reply direction. */
    public static final int REVERSE = 1 << 3;
    /** Flag: the flow was picked up in mid-connection, so sequence numbers are known only from then on. */
    public static final int PICKED_UP = 1 << 4;
    /** Flag: a RST arrived within the window but not at the expected number, and no segment since. */
    public static final int RST_SEEN = 1 << 5;
    /** Flag: the new source port belongs to {@code nat.SnatPorts} and must be released when the flow ends. */
    public static final int OWNS_PORT = 1 << 6;

    /** Bit of {@link #ingress}: the remaining bits are the index of a tunnel peer, not a port id. */
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

    /** The state in the meta word. */
    public static final long META_STATE = STATE_MASK;
    /**
     * The state and the {@link #REVERSE} flag in the meta word. In the reply entry of a UDP flow without a reply they equal
     * {@link #META_UNREPLIED_REVERSE}.
     */
    public static final long META_STATE_AND_REVERSE = STATE_MASK | REVERSE << FLAGS_SHIFT;
    public static final long META_UNREPLIED_REVERSE = FlowState.UDP_UNREPLIED | REVERSE << FLAGS_SHIFT;

    /** The part of the meta word that both entries of a flow share. */
    private static final int SHARED_MASK = STATE_MASK | RST_SEEN << FLAGS_SHIFT;

    private FlowEntry() {
    }

    // -- fixed while the entry is in use ----------------------------------------------------------------------------------

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

    /** Both new addresses in machine order, to store with {@link Memory#putNativeI64} at the IPv4 header's source address. */
    public static long newAddressesRaw(long entry) {
        return Memory.nativeI64(entry + NEW_SOURCE);
    }

    /** Both new ports in machine order, to store with {@link Memory#putNativeI32} at the TCP or UDP header. */
    public static int newPortsRaw(long entry) {
        return Memory.nativeI32(entry + NEW_SOURCE_PORT);
    }

    /** {@link #k1} without the ordering that a reader of other fields needs: an acquire fence must follow. */
    public static long plainK1(long entry) {
        return Memory.nativeI64(entry + K1);
    }

    /** In machine order from the lowest bits: the new ports as {@link #newPortsRaw}, the address delta and the L4 delta as on the wire. */
    public static long portsAndDeltas(long entry) {
        return Memory.nativeI64(entry + NEW_SOURCE_PORT);
    }

    /** {@link #egress} in the lower half, {@link #meta} in the upper. */
    public static long egressAndMeta(long entry) {
        return Memory.nativeI64(entry + EGRESS);
    }

    /** Checksum delta of the addresses, for the IPv4 header (without the TTL). */
    public static int ipDelta(long entry) {
        return Memory.u16(entry + ADDRESS_DELTA);
    }

    /** Delta for a full L4 checksum: addresses and ports; for ICMP echo the identifier alone. */
    public static int l4FullDelta(long entry) {
        return Memory.u16(entry + L4_DELTA);
    }

    /**
     * Delta for a partial L4 checksum, which is a sum over the addresses and not complemented: apply it with
     * {@code addDelta(field, delta)}. The same number as {@link #ipDelta}.
     */
    public static int l4PartialDelta(long entry) {
        return ipDelta(entry);
    }

    /** Where the packet goes; the value is defined by the dataplane ({@code forwarding.Egress}). */
    public static int egress(long entry) {
        return Memory.nativeI32(entry + EGRESS);
    }

    /** Where packets of this direction come from: a port id, or {@link #INGRESS_TUNNEL} and a peer's index; 16 bits. */
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
     * Counts one packet and records the time.
     *
     * @param length bytes of the IP packet
     */
    public static void account(long entry, int length, int nowSeconds) {
        Memory.putNativeI32(entry + LAST_SEEN, nowSeconds);
        Memory.putNativeI64(entry + PACKETS, Memory.nativeI64(entry + PACKETS) + 1);
        Memory.putNativeI64(entry + BYTES, Memory.nativeI64(entry + BYTES) + length);
    }

    /** Changes where the flow's packets go. Only the conductor calls it. */
    public static void setEgress(long entry, int egress) {
        Memory.setReleaseI32(entry + EGRESS, egress);
    }

    static int lastAck(long entry) {
        return Memory.getOpaqueI32(entry + LAST_ACK);
    }

    static void setLastAck(long entry, int ack) {
        Memory.setOpaqueI32(entry + LAST_ACK, ack);
    }

    /** Milliseconds of the flow's first packet, see {@link FlowTemplate#bornMillis}. Not for TCP, which stores its last ACK here. */
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
     * Updates the shared part of the reverse entry's meta word from the forward entry's. Compares once more after each copy, so that if two
     * transitions are copied at once the later one stays.
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
