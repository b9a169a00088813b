package io.weft.dataplane.state;

import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.tunnel.Tunnel;
import io.weft.encap.tunnel.TunnelTemplate;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What frames are sent with beyond this node: a slot for each tunnel peer and each next hop on the underlay. Flow entries hold the slot's
 * number; a neighbour that changes rewrites its slot once, for all its flows.
 *
 * <p>A slot is 256 bytes of the given memory: a {@link TunnelTemplate}, and in the same line as its sequence word
 *
 * <pre>
 *   144  Ethernet header towards a next hop, first word (0 while unresolved)
 *   152  Ethernet header towards a next hop, second word
 *   160  largest IPv4 packet that fits
 *   164  1 while the neighbour is resolved
 * </pre>
 *
 * <p>Threads: the conductor writes; workers read. The first word is withdrawn before the second changes and published after it, and a
 * reader reads it again after the second: it has a whole header or sees that it has none. Slots are never reused for another peer while a
 * flow may point to them (the conductor's sweep ends these flows first, and waits an epoch).
 */
public final class Adjacencies {
    public static final int NONE = -1;
    public static final int SLOT_BYTES = 256;

    private static final int ETHERNET_0 = TunnelTemplate.OWNER_OFFSET;
    private static final int ETHERNET_1 = ETHERNET_0 + 8;
    private static final int MTU = ETHERNET_0 + 16;
    private static final int RESOLVED = ETHERNET_0 + 20;

    private final long base;
    private final int capacity;
    private final AtomicIntegerArray slotOfPeer;
    private final IntMap slotOfNextHop;
    private final AtomicLong version = new AtomicLong();

    /**
     * @param base zeroed memory, aligned to {@link TunnelTemplate#SLOT_ALIGNMENT}, {@code capacity} times {@link #SLOT_BYTES} long
     * @param peers peer indices are 0 … peers-1
     */
    public Adjacencies(long base, int capacity, int peers) {
        if ((base & (TunnelTemplate.SLOT_ALIGNMENT - 1)) != 0) {
            throw new IllegalArgumentException("adjacencies at unaligned 0x" + Long.toHexString(base));
        }
        this.base = base;
        this.capacity = capacity;
        slotOfPeer = new AtomicIntegerArray(peers);
        for (int i = 0; i < peers; i++) {
            slotOfPeer.set(i, NONE);
        }
        slotOfNextHop = new IntMap(capacity);
    }

    public int capacity() {
        return capacity;
    }

    // -- conductor ---------------------------------------------------------------------------------------------------

    /** Binds a peer to a slot, or to {@link #NONE}. */
    public void bindPeer(int peer, int slot) {
        slotOfPeer.setRelease(peer, slot);
    }

    /**
     * Binds a next hop on the underlay to a slot.
     *
     * @return false when there is no room for another next hop
     */
    public boolean bindNextHop(int nextHop, int slot) {
        return slotOfNextHop.put(nextHop, slot);
    }

    /** No new flow uses the next hop's slot; those that do keep it. */
    public void unbindNextHop(int nextHop) {
        slotOfNextHop.remove(nextHop);
    }

    /**
     * Publishes the way to a tunnel peer.
     *
     * @param mtu largest inner IPv4 packet
     */
    public void writeTunnel(int slot, Tunnel tunnel, int mtu) {
        long at = address(slot);
        TunnelTemplate.write(at, tunnel);
        Memory.setOpaqueI32(at + MTU, mtu);
        Memory.setReleaseI32(at + RESOLVED, 1);
        version.incrementAndGet();
    }

    /** Publishes the way to a next hop on the underlay. */
    public void writeUnderlay(int slot, long nextHopMac, long uplinkMac, int mtu) {
        long at = address(slot);
        Memory.setOpaqueI64(at + ETHERNET_0, 0);
        VarHandle.storeStoreFence();
        Memory.setOpaqueI64(at + ETHERNET_1, EthernetWords.second(uplinkMac, EthernetHeader.ETH_P_IP));
        Memory.setOpaqueI32(at + MTU, mtu);
        Memory.setReleaseI64(at + ETHERNET_0, EthernetWords.first(nextHopMac, uplinkMac));
        Memory.setReleaseI32(at + RESOLVED, 1);
    }

    /** Frames to this slot are dropped as {@code neighbour_unresolved} from now on. */
    public void withdraw(int slot) {
        long at = address(slot);
        Memory.setReleaseI32(at + RESOLVED, 0);
        Memory.setReleaseI64(at + ETHERNET_0, 0);
        TunnelTemplate.withdraw(at);
        version.incrementAndGet();
    }

    // -- workers -----------------------------------------------------------------------------------------------------

    /** @return the peer's slot or {@link #NONE} */
    public int slotOfPeer(int peer) {
        return peer < 0 || peer >= slotOfPeer.length() ? NONE : slotOfPeer.getAcquire(peer);
    }

    /** @return the next hop's slot or {@link #NONE} */
    public int slotOfNextHop(int nextHop) {
        return slotOfNextHop.get(nextHop, NONE);
    }

    /** Another number after each change of a tunnel's way; what was written before is read after it. */
    public long version() {
        return version.getAcquire();
    }

    /** Address of the slot, whose first bytes are its {@link TunnelTemplate}. */
    public long address(int slot) {
        if (slot < 0 || slot >= capacity) {
            throw new IndexOutOfBoundsException("adjacency " + slot + " of " + capacity);
        }
        return base + (long) slot * SLOT_BYTES;
    }

    /**
     * Writes the Ethernet header towards the slot's next hop to the 14 bytes at {@code destination}.
     *
     * @return false, and nothing written, when the neighbour is not resolved
     */
    public static boolean copyEthernet(long slotAddress, long destination) {
        long first = Memory.getAcquireI64(slotAddress + ETHERNET_0);
        long second = Memory.getOpaqueI64(slotAddress + ETHERNET_1);
        VarHandle.loadLoadFence();
        if (first == 0 || Memory.getOpaqueI64(slotAddress + ETHERNET_0) != first) { return false; }
        EthernetWords.store(destination, first, second);
        return true;
    }

    /** Largest IPv4 packet, without the outer headers, that fits; 0 before the slot is first written. */
    public static int mtu(long slotAddress) {
        return Memory.getOpaqueI32(slotAddress + MTU);
    }

    public boolean isResolved(int slot) {
        return Memory.getAcquireI32(address(slot) + RESOLVED) != 0;
    }
}
