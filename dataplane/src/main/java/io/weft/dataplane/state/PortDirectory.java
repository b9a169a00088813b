package io.weft.dataplane.state;

import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.packet.EthernetHeader;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * What the graph knows about each port, by port id; an immutable version. The conductor makes a changed copy and publishes it in
 * {@link ForwardingState}. A worker takes the version once per batch and reads plain arrays. MAC and IPv4 addresses are numeric.
 */
public final class PortDirectory {
    public static final int PLAIN_WORDS = 4;

    /** Matches no frame of a pod, because it has the Ethernet type 0xFFFF. */
    private static final long NO_MATCH = -1;

    /** No ports. */
    public static final PortDirectory EMPTY = new PortDirectory();

    private final int[] kind;
    private final int[] ip;
    private final int[] mtu;
    private final long[] peerMac;
    private final long[] localMac;
    private final long[] ethernet0;
    private final long[] ethernet1;
    private int minMtu = Integer.MAX_VALUE;
    private final long[] plainPods;

    private PortDirectory() {
        kind = new int[PortId.COUNT];
        ip = new int[PortId.COUNT];
        mtu = new int[PortId.COUNT];
        peerMac = new long[PortId.COUNT];
        localMac = new long[PortId.COUNT];
        ethernet0 = new long[PortId.COUNT];
        ethernet1 = new long[PortId.COUNT];
        plainPods = new long[PortId.COUNT * PLAIN_WORDS];
        Arrays.fill(plainPods, NO_MATCH);
    }

    private PortDirectory(PortDirectory other) {
        kind = other.kind.clone();
        ip = other.ip.clone();
        mtu = other.mtu.clone();
        peerMac = other.peerMac.clone();
        localMac = other.localMac.clone();
        ethernet0 = other.ethernet0.clone();
        ethernet1 = other.ethernet1.clone();
        plainPods = other.plainPods.clone();
    }

    /**
     * A copy with one port added or replaced. Cold code.
     *
     * @param portKind a {@link PortKind}
     * @param address the pod's address; 0 for other ports
     * @param peer MAC of the pod, or of the kernel's side of {@code weft-host}; 0 for the uplink, whose next hops are adjacencies
     * @param local destination MAC of frames to Weft on this port: the gateway's for pods and weft-host, the uplink's own for the uplink
     * @param largest length in bytes of the longest IPv4 packet that may be sent to the port
     */
    public PortDirectory with(int id, int portKind, int address, long peer, long local, int largest) {
        if (id < 0 || id >= PortId.COUNT) { throw new IndexOutOfBoundsException("port " + id + " of " + PortId.COUNT); }
        PortDirectory copy = new PortDirectory(this);
        copy.kind[id] = portKind;
        copy.ip[id] = address;
        copy.mtu[id] = largest;
        copy.peerMac[id] = peer;
        copy.localMac[id] = local;
        copy.ethernet0[id] = EthernetWords.first(peer, local);
        copy.ethernet1[id] = EthernetWords.second(local, EthernetHeader.ETH_P_IP);
        copy.minMtu = copy.findMinMtu();
        boolean plain = portKind == PortKind.POD && !Ipv4Address.isMartian(address);
        copy.plainPods[id * PLAIN_WORDS] = plain ? inMemory(EthernetWords.first(local, peer)) : NO_MATCH;
        copy.plainPods[id * PLAIN_WORDS + 1] = plain ? inMemory(peer << 16 | EthernetHeader.ETH_P_IP) : NO_MATCH;
        copy.plainPods[id * PLAIN_WORDS + 2] = (int) (inMemory((long) address << 32));
        return copy;
    }

    private int findMinMtu() {
        return IntStream.range(0, PortId.COUNT).filter(port -> kind[port] != PortKind.NONE).map(port -> mtu[port]).min()
            .orElse(Integer.MAX_VALUE);
    }

    /** A copy without one port. Cold code. */
    public PortDirectory without(int id) {
        return with(id, PortKind.NONE, 0, 0, 0, 0);
    }

    /** The addresses, in either version, of pods whose ports differ from a former version. Cold code. */
    public IntStream addressesThatDiffer(PortDirectory former) {
        if (former == this) { return IntStream.empty(); }
        return IntStream.range(0, PortId.COUNT)
            .filter(id -> kind[id] != former.kind[id] || ip[id] != former.ip[id])
            .flatMap(id -> IntStream.of(ip[id], former.ip[id]))
            .filter(address -> address != 0);
    }

    /** A {@link PortKind}; any id is allowed. */
    public int kind(int id) {
        return id < 0 || id >= PortId.COUNT ? PortKind.NONE : kind[id];
    }

    public int ip(int id) {
        return ip[id];
    }

    public int mtu(int id) {
        return mtu[id];
    }

    /** The smallest MTU of all ports. */
    public int minMtu() {
        return minMtu;
    }

    public long peerMac(int id) {
        return peerMac[id];
    }

    public long localMac(int id) {
        return localMac[id];
    }

    /**
     * What nearly all frames of a pod have in common, as {@link #PLAIN_WORDS} words per port: the first 8 bytes of the frame, the 8 bytes
     * from its source address on, and the IPv4 source address, all in memory order. A port that is not a pod's has bytes that no frame has:
     * an Ethernet type of 0xFFFF.
     */
    public long[] plainPods() {
        return plainPods;
    }

    /** A big-endian word in the order in which the machine loads it. */
    private static long inMemory(long word) {
        return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? Long.reverseBytes(word) : word;
    }

    /** First word of the Ethernet header of IPv4 frames to the port: {@link EthernetWords}. */
    public long ethernet0(int id) {
        return ethernet0[id];
    }

    public long ethernet1(int id) {
        return ethernet1[id];
    }

    @Override
    public String toString() {
        return "ports " + Arrays.stream(kind).filter(k -> k != PortKind.NONE).count();
    }
}
