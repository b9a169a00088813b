package io.weft.lb.flow;

import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.IpProtocol;

/**
 * Lock-free insertion of both directions of a flow.
 *
 * <p>A worker <i>claims</i> a key: by compare-and-set it writes a mark with the key's fingerprint into a slot's k1. Searches do not see the
 * mark. The worker then searches for the key once more from its home slot on ({@link #confirm}). Two claims of one key cannot both be
 * confirmed: each worker searches after its own compare-and-set, so at least one sees the other's mark. The one whose slot is further from
 * the home slot withdraws. The other waits until that one has either withdrawn or published.
 *
 * <p>Both keys are claimed in the order of their values, so that workers that insert a flow from its two ends meet at the same key first.
 * Then both entries are filled and published, the reverse direction first. The loser starts again and finds the winner's entry. The number
 * of attempts is bounded: if a worker is descheduled in the middle of an insert, other workers lose frames of that flow only.
 *
 * <p>Threads: any. Allocation: none.
 */
final class FlowInserter {
    /** Bit of a result: the entry existed already. Slots are aligned, so the bit is clear in an address. */
    static final long ADOPTED = 1;

    static final long AGAIN = -16;
    private static final int ATTEMPTS = 128;
    private static final int RIVAL_SPINS = 32;
    private static final int NO_CHANGE = 0xFFFF;
    private static final long FINGERPRINT_MULTIPLIER = 0xD6E8_FEB8_6659_FD93L;

    private final FlowTable table;
    private final int mask;

    FlowInserter(FlowTable table) {
        this.table = table;
        this.mask = table.mask();
    }

    long insertPair(int hash, long k0, long k1, FlowTemplate template) {
        long reverseK0 = template.reverseK0();
        long reverseK1 = template.reverseK1(k1);
        if (!SlotMark.isKey(k1) || k0 == reverseK0 && k1 == reverseK1) { return FlowTable.KEY_UNUSABLE; }
        if (table.add(FlowCounter.FLOWS, 1) >= table.maxFlows()) { return refuse(FlowTable.CT_FULL); }
        int reverseHash = FlowHash.hash(reverseK0, reverseK1);
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            long result = tryInsert(hash, k0, k1, reverseHash, reverseK0, reverseK1, template);
            if (result != AGAIN) {
                return result < 0 || FlowTable.isAdopted(result) ? refuse(result) : created(result);
            }
            Thread.onSpinWait();
        }
        return refuse(FlowTable.CT_BUSY);
    }

    private long created(long entry) {
        table.add(FlowCounter.CREATED, 1);
        return entry;
    }

    /** Takes the flow off the count of flows and counts why. */
    private long refuse(long result) {
        table.add(FlowCounter.FLOWS, -1);
        table.add(reason(result), 1);
        return result;
    }

    private static FlowCounter reason(long result) {
        if (result == FlowTable.CT_FULL) { return FlowCounter.REFUSED_FULL; }
        if (result == FlowTable.REVERSE_TAKEN) { return FlowCounter.REVERSE_TAKEN; }
        return result == FlowTable.CT_BUSY ? FlowCounter.BUSY : FlowCounter.ADOPTED;
    }

    private long tryInsert(int hash, long k0, long k1, int reverseHash, long reverseK0, long reverseK1,
        FlowTemplate template) {
        boolean forwardFirst = k0 < reverseK0 || k0 == reverseK0 && k1 < reverseK1;
        long first = forwardFirst ? claim(hash, k0, k1) : claim(reverseHash, reverseK0, reverseK1);
        if (!isClaim(first)) { return resolve(first, forwardFirst, hash, k0, k1); }
        long second = forwardFirst ? claim(reverseHash, reverseK0, reverseK1) : claim(hash, k0, k1);
        if (!isClaim(second)) {
            withdraw(first);
            return resolve(second, !forwardFirst, hash, k0, k1);
        }
        long forward = forwardFirst ? first : second;
        long reverse = forwardFirst ? second : first;
        table.setTag(forward, DestinationSet.tag(FlowKey.destination(k0)));
        fillForward(forward, k0, k1, template);
        fillReverse(reverse, forward, reverseK0, k0, k1, template);
        table.setStart(forward, template.startMillis());
        // Release: a thread that sees the keys sees the entries. Reverse first: once a search finds the forward entry, it finds the reply's.
        Memory.setReleaseI64(reverse + FlowEntry.K1, reverseK1);
        Memory.setReleaseI64(forward + FlowEntry.K1, k1);
        return forward;
    }

    /** What it means for the flow that a claim found an existing entry or no slot. */
    private long resolve(long outcome, boolean ofForwardKey, int hash, long k0, long k1) {
        if (outcome < 0) { return outcome; }
        if (ofForwardKey) { return outcome; }
        long forward = table.find(hash, k0, k1);
        if (forward != 0) { return forward | ADOPTED; }
        // The reverse entry of this very flow: its forward entry is about to appear, or has just been deleted.
        long reverse = FlowTable.entry(outcome);
        boolean same = FlowTable.peerK0(reverse) == k0 && FlowTable.peerK1(reverse) == k1;
        return same || !SlotMark.isKey(FlowEntry.k1(reverse)) ? AGAIN : FlowTable.REVERSE_TAKEN;
    }

    private static boolean isClaim(long outcome) {
        return outcome > 0 && (outcome & ADOPTED) == 0;
    }

    /**
     * Claims a slot for a key that has none.
     *
     * @return the slot; or the entry that already has the key, with {@link #ADOPTED}; or CT_FULL or AGAIN
     */
    private long claim(int hash, long k0, long k1) {
        long mark = SlotMark.claimed(fingerprint(k0, k1));
        long candidate = candidate(mark, hash, k0, k1);
        return isClaim(candidate) ? claimCandidate(candidate, mark, hash, k0, k1) : candidate;
    }

    /** The first slot that a key may use, if it has none yet; otherwise the results of {@link #claim}. */
    long candidate(long mark, int hash, long k0, long k1) {
        long candidate = FlowTable.CT_FULL;
        int i = hash & mask;
        for (int probes = 0; probes < FlowTable.WINDOW; probes++) {
            long slot = table.slot(i);
            long word = Memory.getAcquireI64(slot + FlowEntry.K1);
            if (word == k1 && Memory.nativeI64(slot + FlowEntry.K0) == k0) { return slot | ADOPTED; }
            if (word == mark) { return AGAIN; }
            if (candidate < 0 && SlotMark.isClaimable(word)) {
                candidate = slot;
            }
            if (word == FlowTable.EMPTY) {
                break;
            }
            i = i + 1 & mask;
        }
        return candidate;
    }

    /** Claims the candidate, if it is still claimable and the key still has no entry. */
    long claimCandidate(long candidate, long mark, int hash, long k0, long k1) {
        long word = Memory.getAcquireI64(candidate + FlowEntry.K1);
        if (!SlotMark.isClaimable(word) || !Memory.compareAndSetI64(candidate + FlowEntry.K1, word, mark)) {
            return AGAIN;
        }
        return confirm(candidate, mark, hash, k0, k1);
    }

    /** Searches for the key once more; the compare-and-set before it acts as a full fence. */
    private long confirm(long mine, long mark, int hash, long k0, long k1) {
        boolean passedMine = false;
        int i = hash & mask;
        for (int probes = 0; probes < FlowTable.WINDOW; probes++) {
            long slot = table.slot(i);
            long word = Memory.getVolatileI64(slot + FlowEntry.K1);
            if (slot == mine) {
                passedMine = true;
            } else if (word == mark && !(passedMine && becameOther(slot, mark))) {
                withdraw(mine);
                return AGAIN;
            }
            if (slot != mine && isKeyOf(slot, k0, k1)) {
                withdraw(mine);
                return slot | ADOPTED;
            }
            if (word == FlowTable.EMPTY) {
                break;
            }
            i = i + 1 & mask;
        }
        return mine;
    }

    private static boolean isKeyOf(long slot, long k0, long k1) {
        return Memory.getAcquireI64(slot + FlowEntry.K1) == k1 && Memory.nativeI64(slot + FlowEntry.K0) == k0;
    }

    /** Waits for a rival in a later slot to withdraw or publish. */
    private static boolean becameOther(long slot, long mark) {
        for (int spin = 0; spin < RIVAL_SPINS; spin++) {
            if (Memory.getVolatileI64(slot + FlowEntry.K1) != mark) { return true; }
            Thread.onSpinWait();
        }
        return false;
    }

    /** {@link FlowExpiry} records the epoch: a search that passed this slot while it was claimed may still be running. */
    private static void withdraw(long slot) {
        Memory.setReleaseI64(slot + FlowEntry.K1, SlotMark.free(0));
    }

    /** Uses other bits than the hash, because keys in neighbouring slots share many bits of the hash. */
    static int fingerprint(long k0, long k1) {
        long h = (k0 ^ Long.rotateLeft(k1, 23)) * FINGERPRINT_MULTIPLIER;
        return (int) (h >>> 32) ^ (int) h;
    }

    // -- filling -----------------------------------------------------------------------------------------------------------

    private static void fillForward(long slot, long k0, long k1, FlowTemplate t) {
        long newAddresses = FlowKey.k0(t.newSrc, t.newDst);
        int newPorts = t.newSport << 16 | t.newDport;
        int addressDelta = InternetChecksum.delta64(k0, newAddresses);
        fill(slot, k0, newAddresses, newPorts, t.forwardEgress, t.nowSeconds, firstAckOrBorn(k1, t));
        setDeltas(slot, addressDelta, l4Delta(k1, newPorts, addressDelta));
        Memory.setOpaqueI32(slot + FlowEntry.META,
            FlowEntry.packMeta(t.state, t.flags & ~FlowEntry.REVERSE, t.forwardIngress));
    }

    /** The reverse direction undoes the forward rewrite, so its deltas are the complements. */
    private static void fillReverse(long slot, long forward, long reverseK0, long k0, long k1, FlowTemplate t) {
        long mirrored = Long.rotateLeft(k0, 32);
        int mirroredPorts = Integer.rotateLeft(FlowKey.ports(k1), 16);
        fill(slot, reverseK0, mirrored, mirroredPorts, t.reverseEgress, t.nowSeconds, firstAckOrBorn(k1, t));
        setDeltas(slot, ~FlowEntry.ipDelta(forward) & NO_CHANGE, ~FlowEntry.l4FullDelta(forward) & NO_CHANGE);
        Memory.setOpaqueI32(slot + FlowEntry.META,
            FlowEntry.packMeta(t.state, t.flags | FlowEntry.REVERSE, t.reverseIngress));
    }

    private static void fill(long slot, long k0, long newAddresses, int newPorts, int egress, int now,
        int ackOrBorn) {
        Memory.putNativeI64(slot + FlowEntry.K0, k0);
        Memory.putI64(slot + FlowEntry.NEW_SOURCE, newAddresses);
        Memory.putI32(slot + FlowEntry.NEW_SOURCE_PORT, newPorts);
        Memory.putNativeI32(slot + FlowEntry.EGRESS, egress);
        Memory.setOpaqueI32(slot + FlowEntry.LAST_SEEN, now);
        FlowEntry.setLastAck(slot, ackOrBorn);
        Memory.setOpaqueI64(slot + FlowEntry.PACKETS, 0);
        Memory.setOpaqueI64(slot + FlowEntry.BYTES, 0);
    }

    private static int firstAckOrBorn(long k1, FlowTemplate t) {
        return FlowKey.protocol(k1) == IpProtocol.IPPROTO_TCP ? 0 : t.bornMillis;
    }

    /** Both zeros of ones' complement mean "no change". Only 0 is stored, so that a packet without NAT keeps its bits. */
    private static void setDeltas(long slot, int addressDelta, int l4Delta) {
        Memory.putU16(slot + FlowEntry.ADDRESS_DELTA, addressDelta == NO_CHANGE ? 0 : addressDelta);
        Memory.putU16(slot + FlowEntry.L4_DELTA, l4Delta == NO_CHANGE ? 0 : l4Delta);
    }

    /** ICMP has no pseudo-header and one identifier, which the key has in both ports. */
    private static int l4Delta(long k1, int newPorts, int addressDelta) {
        if (FlowKey.protocol(k1) == IpProtocol.IPPROTO_ICMP) {
            return InternetChecksum.delta16(FlowKey.sourcePort(k1), newPorts >>> 16);
        }
        return InternetChecksum.addDelta(addressDelta, InternetChecksum.delta32(FlowKey.ports(k1), newPorts));
    }
}
