package io.weft.lb.flow;

import io.weft.encap.hash.FlowHash;
import io.weft.encap.memory.Memory;

/**
 * The flow table (conntrack). All workers share it without locks. It has one {@link FlowEntry} for each direction of a flow, in a hash
 * table with linear probing over a mapped region.
 *
 * <pre>
 *      0  magic (64 bits)      8  layout version    12  bytes per slot
 *     16  slots (64 bits)     24  max flows (64)    32  incarnation (64)
 *     40  the table's clock: seconds, set by the flow expiry
 *     64  counters ({@link FlowCounter}), 64 bytes apart
 *   1024  slots, then a tag of 16 bits for each slot: of the destination of the flow whose forward entry the slot has or last had, else 0
 * </pre>
 *
 * <p><b>Tags</b> ({@link DestinationSet}) are 1/32 of the size of the slots. The flow expiry finds the flows to a few destinations by reading them instead
 * of all entries. They are written when a flow is created; nothing else reads or writes them.
 *
 * <p><b>The state of a slot</b> is in its k1. A key's protocol is never 0, so words with protocol 0 are marks:
 *
 * <pre>
 *             claim by CAS              release              end by CAS                 epoch passed
 *   EMPTY ───────────────► CLAIMED ───────────────► key ───────────────► DELETED(epoch) ─────────────► FREE(epoch)
 *     ▲  ╲ (or from FREE)     │ withdraw                                                                  │  ▲
 *     │   └───────────────────┴──────────────────────────────────────────────────────────────────────────┼──┘
 *     └───────────────────── flow expiry, another epoch passed and the next slot is EMPTY ◄──────────────┘
 * </pre>
 *
 * <ul>
 * <li>A search ends at an EMPTY slot. A slot becomes EMPTY again only two epochs after its flow ended, and only if its right neighbour is
 * EMPTY. So no insertion that passed the slot while it was in use is still on its way to a slot behind it.
 * <li>A reader that compared k0 and k1 may use the slot until its batch ends, because a slot is written again only after an epoch.
 * <li>The table admits a quarter as many flows as it has slots. So at most half of the slots are in use, and a search is short.
 * </ul>
 *
 * <p>Threads: any number of workers call {@link #find} and {@link #insertPair}, and end flows through {@link FlowEnder}; one
 * {@link FlowExpiry} ends flows and makes their slots usable again. Allocation: none.
 */
public final class FlowTable {
    /** Insert result: the table is full. */
    public static final long CT_FULL = -1;
    /** Insert result: another flow has the reverse direction's key; try another backend or source port. */
    public static final long REVERSE_TAKEN = -2;
    /** Insert result: other workers held claims on the same keys for too long (one was descheduled); the frame is dropped. */
    public static final long CT_BUSY = -3;
    /** Insert result: protocol 0, or both directions have the same key. */
    public static final long KEY_UNUSABLE = -4;

    /** Maximum number of slots that a search visits. The admitted load never needs that many, but every loop must end. */
    static final int WINDOW = 128;

    static final int HEADER_LENGTH = 1024;
    public static final int SLOT_SHIFT = 6;
    private static final int TAG_SHIFT = 1;
    /** Number of tags that {@link #tags} returns. */
    static final int TAGS_PER_WORD = Long.BYTES >> TAG_SHIFT;
    static final long EMPTY = 0;

    private static final long MAGIC = 0x5745_4654_464C_4F57L;
    private static final int LAYOUT_VERSION = 4;
    private static final int MAGIC_OFFSET = 0;
    private static final int VERSION_OFFSET = 8;
    private static final int SLOT_LENGTH_OFFSET = 12;
    private static final int SLOTS_OFFSET = 16;
    private static final int MAX_FLOWS_OFFSET = 24;
    private static final int INCARNATION_OFFSET = 32;
    private static final int CLOCK_OFFSET = 40;
    private static final int COUNTERS_OFFSET = 64;
    private static final int COUNTER_STRIDE = 64;
    private static final int SLOTS_PER_FLOW = 4;
    private static final int MIN_SLOTS = 16;
    private static final int MAX_FLOWS = 1 << 26;
    private static final long MAX_SLOTS = (long) MAX_FLOWS * SLOTS_PER_FLOW;

    private final long base;
    private final long slots;
    private final long tags;
    private final int mask;
    private final long maxFlows;
    private final FlowInserter inserter;
    /** Milliseconds of each slot's first packet, 64 bits each; 0: not kept. Set before there are flows. */
    private long starts;

    private FlowTable(long base) {
        this.base = base;
        slots = base + HEADER_LENGTH;
        mask = (int) Memory.nativeI64(base + SLOTS_OFFSET) - 1;
        tags = slots + ((long) slotCount() << SLOT_SHIFT);
        maxFlows = Memory.nativeI64(base + MAX_FLOWS_OFFSET);
        inserter = new FlowInserter(this);
    }

    /** Bytes of the region for a table of {@code maxFlows} flows. */
    public static long sizeFor(int maxFlows) {
        return lengthFor(slotsFor(maxFlows));
    }

    private static long lengthFor(long slots) {
        return HEADER_LENGTH + (slots << SLOT_SHIFT) + (slots << TAG_SHIFT);
    }

    /**
     * Writes an empty table; touches every page of it.
     *
     * @param address of the region, a multiple of 64
     * @param size of the region, at least {@link #sizeFor}
     * @param incarnation of the process that owns the table, for readers
     */
    public static FlowTable create(long address, long size, int maxFlows, long incarnation) {
        if (size < sizeFor(maxFlows) || address % FlowEntry.LENGTH != 0) {
            throw new IllegalArgumentException(
                "a flow table of %d flows does not fit at %#x in %d bytes".formatted(maxFlows, address, size));
        }
        Memory.zero(address, sizeFor(maxFlows));
        Memory.putNativeI32(address + VERSION_OFFSET, LAYOUT_VERSION);
        Memory.putNativeI32(address + SLOT_LENGTH_OFFSET, FlowEntry.LENGTH);
        Memory.putNativeI64(address + SLOTS_OFFSET, slotsFor(maxFlows));
        Memory.putNativeI64(address + MAX_FLOWS_OFFSET, maxFlows);
        Memory.putNativeI64(address + INCARNATION_OFFSET, incarnation);
        Memory.setReleaseI64(address + MAGIC_OFFSET, MAGIC);
        return new FlowTable(address);
    }

    /**
     * Opens a table that {@link #create} wrote elsewhere, after checking its header against the region's size.
     *
     * @throws IllegalArgumentException when the region holds no flow table of this layout
     */
    public static FlowTable open(long address, long size) {
        if (size < HEADER_LENGTH || Memory.getAcquireI64(address + MAGIC_OFFSET) != MAGIC) {
            throw new IllegalArgumentException("not a flow table: too short, or the magic number is wrong");
        }
        int version = Memory.nativeI32(address + VERSION_OFFSET);
        if (version != LAYOUT_VERSION || Memory.nativeI32(address + SLOT_LENGTH_OFFSET) != FlowEntry.LENGTH) {
            throw new IllegalArgumentException(
                "flow table of layout %d; this program reads %d".formatted(version, LAYOUT_VERSION));
        }
        long count = Memory.nativeI64(address + SLOTS_OFFSET);
        boolean isPossible = count >= MIN_SLOTS && count <= MAX_SLOTS && Long.bitCount(count) == 1;
        if (!isPossible || lengthFor(count) > size) {
            throw new IllegalArgumentException("flow table claims %d slots in %d bytes".formatted(count, size));
        }
        return new FlowTable(address);
    }

    private static long slotsFor(int maxFlows) {
        if (maxFlows < 1 || maxFlows > MAX_FLOWS) {
            throw new IllegalArgumentException(
                "a flow table must hold 1 to " + MAX_FLOWS + " flows, not " + maxFlows);
        }
        long min = Math.max(MIN_SLOTS, (long) maxFlows * SLOTS_PER_FLOW);
        return Long.highestOneBit(min - 1) << 1;
    }

    // -- lookup ------------------------------------------------------------------------------------------------------------

    /** The home slot of a hash, where its search starts. Reading it early replaces a prefetch. */
    public long home(int hash) {
        return slot(hash & mask);
    }

    /**
     * @param hash {@code FlowHash.hash(k0, k1)}
     * @return address of the {@link FlowEntry}, valid until the worker's batch ends, or 0
     */
    public long find(int hash, long k0, long k1) {
        int i = hash & mask;
        for (int probes = 0; probes < WINDOW; probes++) {
            long slot = slot(i);
            // Acquire: a thread that sees the key sees what its inserter wrote before it.
            long word = Memory.getAcquireI64(slot + FlowEntry.K1);
            if (word == k1 && Memory.nativeI64(slot + FlowEntry.K0) == k0) { return slot; }
            if (word == EMPTY) { return 0; }
            i = i + 1 & mask;
        }
        return 0;
    }

    /** {@link #find} for cold code. */
    public long find(long k0, long k1) {
        return find(FlowHash.hash(k0, k1), k0, k1);
    }

    /**
     * The entry of the other direction: its key is the mirror of what this entry rewrites to. Returns 0 when the flow is ending or has
     * ended: the search may then find a newer flow's entry, which does not rewrite to the mirror of this one's key.
     */
    public long peer(long entry) {
        long k1 = FlowEntry.k1(entry);
        if (!SlotMark.isKey(k1)) { return 0; }
        long peer = find(peerK0(entry), peerK1(entry, k1));
        return peer != 0 && peerK0(peer) == FlowEntry.k0(entry) && peerK1(peer, k1) == k1 ? peer : 0;
    }

    static long peerK0(long entry) {
        return FlowKey.k0(FlowEntry.newDst(entry), FlowEntry.newSrc(entry));
    }

    static long peerK1(long entry) {
        return peerK1(entry, FlowEntry.k1(entry));
    }

    /** @param k1 of the entry, or of another with the same protocol and zone */
    private static long peerK1(long entry, long k1) {
        return FlowKey.k1(FlowEntry.newDport(entry), FlowEntry.newSport(entry), FlowKey.protocol(k1))
            | FlowKey.zone(k1);
    }

    // -- insertion ---------------------------------------------------------------------------------------------------------

    /**
     * Creates a flow: both directions or neither. If several workers insert the same flow at once, even from its two ends, one creates it
     * and the others adopt it.
     *
     * @param hash {@code FlowHash.hash(k0, k1)} of the forward key
     * @return the forward key's entry, see {@link #entry} and {@link #isAdopted}; or {@link #CT_FULL}, {@link #REVERSE_TAKEN},
     *     {@link #CT_BUSY}, {@link #KEY_UNUSABLE}
     */
    public long insertPair(int hash, long k0, long k1, FlowTemplate template) {
        return inserter.insertPair(hash, k0, k1, template);
    }

    /** Whether another worker created the entry: then the flow does not use what the template offered (a SNAT port). */
    public static boolean isAdopted(long result) {
        return result > 0 && (result & FlowInserter.ADOPTED) != 0;
    }

    /** Address of the entry in a result that is not negative. */
    public static long entry(long result) {
        return result & ~FlowInserter.ADOPTED;
    }

    // -- start times -----------------------------------------------------------------------------------------------------

    /**
     * Keeps the time of each flow's first packet from now on, for flow records. Entries have no room for it.
     *
     * @param memory 8 bytes for each slot, zeroed, which this process alone uses; 0 to keep none any more
     */
    public void keepStarts(long memory) {
        starts = memory;
    }

    /**
     * When a flow began, in milliseconds of the clock of {@link FlowTemplate#startMillis}; 0 if that is not kept.
     *
     * @param forward its entry, also after its end as long as that may be read
     */
    public long startMillis(long forward) {
        return starts == 0 ? 0 : Memory.nativeI64(startAt(forward));
    }

    /** To be called before the entry is published. */
    void setStart(long forward, long millis) {
        if (starts != 0) {
            Memory.putNativeI64(startAt(forward), millis);
        }
    }

    private long startAt(long entry) {
        return starts + (entry - slots >>> SLOT_SHIFT) * Long.BYTES;
    }

    // -- sizes and counts -------------------------------------------------------------------------------------------------------------

    public long maxFlows() {
        return maxFlows;
    }

    /** Flows in the table. */
    public long flows() {
        return count(FlowCounter.FLOWS);
    }

    /** Number of flows above which half-open ones are evicted early: seven eighths of the maximum. */
    public long highWater() {
        return maxFlows - maxFlows / 8;
    }

    public long count(FlowCounter counter) {
        return Memory.getOpaqueI64(counterAt(counter));
    }

    public long incarnation() {
        return Memory.nativeI64(base + INCARNATION_OFFSET);
    }

    /** The current time in seconds, for other processes to compare with {@link FlowEntry#lastSeen}. */
    public int clockSeconds() {
        return Memory.getOpaqueI32(base + CLOCK_OFFSET);
    }

    void setClockSeconds(int now) {
        Memory.setOpaqueI32(base + CLOCK_OFFSET, now);
    }

    /** @return the count before */
    long add(FlowCounter counter, long delta) {
        return Memory.getAndAddI64(counterAt(counter), delta);
    }

    private long counterAt(FlowCounter counter) {
        return base + COUNTERS_OFFSET + (long) counter.slot * COUNTER_STRIDE;
    }

    /** Number of slots. */
    public int slotCount() {
        return mask + 1;
    }

    long slot(int index) {
        return Memory.address(slots + ((long) index << SLOT_SHIFT));
    }

    int mask() {
        return mask;
    }

    // -- tags --------------------------------------------------------------------------------------------------------------

    /**
     * Called before the forward entry in this slot is published: a thread that sees the entry sees its tag.
     *
     * @param slot address of the slot
     */
    void setTag(long slot, int tag) {
        Memory.putNativeU16(tags + (slot - slots >>> SLOT_SHIFT - TAG_SHIFT), tag);
    }

    /** The tags of {@value #TAGS_PER_WORD} slots, that of the first in the lowest bits. */
    long tags(int firstIndex) {
        return Memory.nativeI64(tags + ((long) firstIndex << TAG_SHIFT));
    }
}
