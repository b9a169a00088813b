package io.weft.dataplane.table;

import io.weft.encap.address.Ipv4Address;
import java.util.Arrays;

/**
 * The addresses whose meaning has changed, and so which flows must be compared with the tables again. Everything that a decision about a
 * flow uses, except the local node, is looked up by one of the flow's addresses. So the decision is the same as before if none of them is
 * in this set (ADR 0010). If there are too many addresses, the set becomes all addresses.
 *
 * <p>Mutable. Thread: one. Allocation: once.
 */
public final class ChangedAddresses {
    /** Maximum number of prefixes; with more, the set becomes all addresses. */
    public static final int CAPACITY = 16_384;
    private static final int SLOTS = 2 * CAPACITY;
    private static final int SPREAD = 0x9E37_79B9;
    private static final int SHIFT = Integer.SIZE - Integer.numberOfTrailingZeros(SLOTS);
    private static final int FILTER_BITS = 1 << 17;
    private static final int FILTER_SHIFT = Integer.SIZE - Integer.numberOfTrailingZeros(FILTER_BITS);
    private static final long USED = 1L << 63;

    /** Open addressing: {@link #USED}, prefix length in the upper half, base in the lower. */
    private final long[] slots = new long[SLOTS];
    /** A Bloom filter: most addresses are in no prefix, and the filter excludes them without access to the slots. */
    private final long[] filter = new long[FILTER_BITS / Long.SIZE];
    private long lengths;
    private int size;
    private boolean everything;

    /** @param length of the prefix, 0 to 32 */
    public void add(int base, int length) {
        if (everything) { return; }
        long word = word(base & Ipv4Address.mask(length), length);
        int slot = slotOf(word);
        if (slots[slot] == word) { return; }
        if (length == 0 || size == CAPACITY) {
            addEverything();
            return;
        }
        slots[slot] = word;
        int bit = hash(word) >>> FILTER_SHIFT;
        filter[bit >>> 6] |= 1L << bit;
        lengths |= 1L << length;
        size++;
    }

    public void addEverything() {
        everything = true;
    }

    /** Adds the contents of another set. */
    public void addAll(ChangedAddresses others) {
        if (others.everything) {
            addEverything();
        } else if (others.size > 0) {
            for (long word : others.slots) {
                if (word != 0) {
                    add((int) word, (int) (word >>> 32) & 0x3F);
                }
            }
        }
    }

    public void clear() {
        if (size > 0) {
            Arrays.fill(slots, 0);
            Arrays.fill(filter, 0);
        }
        lengths = 0;
        size = 0;
        everything = false;
    }

    public boolean isEmpty() { return size == 0 && !everything; }

    /** Whether the set contains all addresses. */
    public boolean isEverything() { return everything; }

    /** Whether the set contains the address. */
    public boolean contains(int address) {
        if (everything) { return true; }
        for (long left = lengths; left != 0; left &= left - 1) {
            int length = Long.numberOfTrailingZeros(left);
            long word = word(address & Ipv4Address.mask(length), length);
            int bit = hash(word) >>> FILTER_SHIFT;
            if ((filter[bit >>> 6] & 1L << bit) != 0 && slots[slotOf(word)] == word) { return true; }
        }
        return false;
    }

    /** Visits the prefixes, in no order, unless the set {@linkplain #isEverything contains all addresses}. */
    public void forEach(PrefixConsumer consumer) {
        if (size > 0 && !everything) {
            for (long word : slots) {
                if (word != 0) {
                    consumer.accept((int) word, (int) (word >>> 32) & 0x3F);
                }
            }
        }
    }

    /** Receives the prefixes of {@link #forEach}. */
    @FunctionalInterface
    public interface PrefixConsumer {
        void accept(int base, int length);
    }

    private static long word(int base, int length) {
        return USED | (long) length << 32 | base & 0xFFFF_FFFFL;
    }

    /** Slot of the word, or the free slot where it belongs. */
    private int slotOf(long word) {
        int slot = hash(word) >>> SHIFT;
        while (slots[slot] != 0 && slots[slot] != word) {
            slot = slot + 1 & SLOTS - 1;
        }
        return slot;
    }

    private static int hash(long word) {
        return ((int) word + (int) (word >>> 32) * SPREAD) * SPREAD;
    }

    @Override
    public String toString() {
        return everything ? "all addresses" : size + " prefixes";
    }
}
