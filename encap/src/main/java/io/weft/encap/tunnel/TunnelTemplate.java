package io.weft.encap.tunnel;

import io.weft.encap.memory.Memory;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The headers in front of every IPv4 packet through one tunnel, ready except for what differs from packet to packet ({@link Encapsulation}). They are the
 * last bytes of the {@link #LENGTH} before the packet; zeros fill the bytes before them, so that every encapsulation is copied in whole words.
 *
 * <p>A slot is {@link #SLOT_LENGTH} bytes at an address that is a multiple of 64:
 *
 * <pre>
 *   0  copy 0: the header bytes; in place of the outer IPv4 checksum the sum of that header with length, TOS and checksum 0
 *  64  copy 1
 * 128  sequence (64 bits): its lowest bit says which copy readers use
 * 136  encapsulation of copy 0 (32 bits), and of copy 1
 * 144  from {@link #OWNER_OFFSET} on, the rest of this line is the owner's
 * </pre>
 *
 * <p><b>Why two copies.</b> A plain sequence lock makes readers wait for its writer, and a writer that is preempted
 * or killed in the middle stops every packet of the tunnel. Here the writer changes the copy nobody reads, turns the
 * readers to it, changes the other and turns them back (the kernel calls this a latch). A reader goes round again
 * only if the writer moved meanwhile, and then finds a whole copy. At rest readers use copy 0.
 *
 * <p>Threads: one writer, which may be another process; any number of readers. A zeroed slot is empty. Allocation:
 * none.
 */
public final class TunnelTemplate {
    /** Bytes of a template, and of headroom that {@link #encap} needs. */
    public static final int LENGTH = Encapsulation.MAX_LENGTH;

    public static final int SLOT_LENGTH = 192;
    public static final int SLOT_ALIGNMENT = 64;
    /** Where the 48 bytes of a slot begin that are not used here. */
    public static final int OWNER_OFFSET = 144;

    private static final int SEQUENCE_OFFSET = 128;
    private static final int ENCAPSULATION_OFFSET = 136;
    private static final int LAST_WORD = LENGTH - Long.BYTES;

    private TunnelTemplate() {
    }

    // -- writer ------------------------------------------------------------------------------------------------------

    /** Publishes a new template. */
    public static void write(long slot, Tunnel tunnel) {
        for (int copy = readersUseCopy0(slot) ? 1 : 0; copy >= 0; copy--) {
            long at = slot + (long) copy * LENGTH;
            Memory.zero(at, LENGTH);
            tunnel.encapsulation().write(at + LENGTH, tunnel);
            Memory.putNativeI32(slot + ENCAPSULATION_OFFSET + (long) copy * Integer.BYTES,
                tunnel.encapsulation().ordinal());
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

    // -- readers -----------------------------------------------------------------------------------------------------

    /**
     * Writes the headers before a packet.
     *
     * @param slotAt the slot
     * @param ipAt inner IPv4 header; the {@link #LENGTH} bytes before it are headroom, all of which may change
     * @param ipLength its total length; at most 65535 - {@link Encapsulation#overhead}
     * @param flowHash of the inner flow
     * @param tos outer TOS, see {@link io.weft.encap.packet.Ecn#encapsulate}
     * @return how many bytes before the packet belong to the frame; 0, and nothing written, when the slot is empty
     */
    public static int encap(long slotAt, long ipAt, int ipLength, int flowHash, int tos) {
        long slot = Memory.address(slotAt);
        long w0;
        long w1;
        long w2;
        long w3;
        long w4;
        long w5;
        long w6;
        long w7;
        int encapsulation;
        long sequence;
        do {
            sequence = Memory.getAcquireI64(slot + SEQUENCE_OFFSET);
            long copy = copy(slot, sequence); // predicted, so the loads need not wait for the sequence
            w0 = Memory.nativeI64(copy);
            w1 = Memory.nativeI64(copy + 8);
            w2 = Memory.nativeI64(copy + 16);
            w3 = Memory.nativeI64(copy + 24);
            w4 = Memory.nativeI64(copy + 32);
            w5 = Memory.nativeI64(copy + 40);
            w6 = Memory.nativeI64(copy + 48);
            w7 = Memory.nativeI64(copy + LAST_WORD);
            encapsulation = encapsulation(slot, sequence);
            VarHandle.loadLoadFence();
        } while (Memory.getOpaqueI64(slot + SEQUENCE_OFFSET) != sequence);
        if (w7 == 0) { return 0; }
        long ip = Memory.address(ipAt);
        Memory.putNativeI64(ip - 64, w0);
        Memory.putNativeI64(ip - 56, w1);
        Memory.putNativeI64(ip - 48, w2);
        Memory.putNativeI64(ip - 40, w3);
        Memory.putNativeI64(ip - 32, w4);
        Memory.putNativeI64(ip - 24, w5);
        Memory.putNativeI64(ip - 16, w6);
        Memory.putNativeI64(ip - 8, w7);
        Encapsulation written = Encapsulation.of(encapsulation);
        written.finish(ip, ipLength, flowHash, tos);
        return written.length();
    }

    /**
     * Copies the template as it is now, whole; all zero when the slot is empty or has another encapsulation.
     *
     * @param wanted the encapsulation
     * @param words where to, {@link #LENGTH} bytes from {@code first} on, in machine order
     */
    public static void read(long slot, Encapsulation wanted, long[] words, int first) {
        int encapsulation;
        long sequence;
        do {
            sequence = Memory.getAcquireI64(slot + SEQUENCE_OFFSET);
            long copy = copy(slot, sequence);
            for (int word = 0; word < LENGTH / Long.BYTES; word++) {
                words[first + word] = Memory.nativeI64(copy + (long) word * Long.BYTES);
            }
            encapsulation = encapsulation(slot, sequence);
            VarHandle.loadLoadFence();
        } while (Memory.getOpaqueI64(slot + SEQUENCE_OFFSET) != sequence);
        if (encapsulation != wanted.ordinal()) {
            Arrays.fill(words, first, first + LENGTH / Long.BYTES, 0);
        }
    }

    /** Whether {@link #encap} would succeed. */
    public static boolean isReady(long slot) {
        return Memory.getOpaqueI64(copy(slot, Memory.getAcquireI64(slot + SEQUENCE_OFFSET)) + LAST_WORD) != 0;
    }

    private static long copy(long slot, long sequence) {
        return (sequence & 1) == 0 ? slot : slot + LENGTH;
    }

    private static int encapsulation(long slot, long sequence) {
        return Memory.nativeI32(slot + ENCAPSULATION_OFFSET + (sequence & 1) * Integer.BYTES);
    }
}
