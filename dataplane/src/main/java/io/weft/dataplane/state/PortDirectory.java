package io.weft.dataplane.state;

import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.packet.EthernetHeader;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * What the graph knows of each port, by port id: an immutable version. The conductor makes a changed copy and publishes it in
 * {@link ForwardingState}; a worker takes the version once a batch and reads plain arrays. MAC addresses and IPv4 addresses numeric.
 */
public final class PortDirectory {
    public static final int PLAIN_WORDS = 4;

    /** In no frame's header: an Ethernet type of 0xFFFF. */
    private static final long NOBODY = -1;

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
        Arrays.fill(plainPods, NOBODY);
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
     * A copy with one port more, or changed. Cold code.
     *
     * @param portKind of {@link PortKind}
     * @param address the pod's address; 0 for others
     * @param peer MAC of the pod, or of the kernel's side of {@code weft-host}; 0 for the uplink, whose next hops are adjacencies
     * @param local what frames to Weft on this port are addressed to: the gateway's MAC for pods and the host, the uplink's own
     * @param largest IPv4 packet that may be sent to it
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
        copy.plainPods[id * PLAIN_WORDS] = plain ? inMemory(EthernetWords.first(local, peer)) : NOBODY;
        copy.plainPods[id * PLAIN_WORDS + 1] = plain ? inMemory(peer << 16 | EthernetHeader.ETH_P_IP) : NOBODY;
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

    /** Addresses of the pods whose ports are others than in a former version, in either. Cold code. */
    public IntStream addressesThatDiffer(PortDirectory former) {
        if (former == this) { return IntStream.empty(); }
        return IntStream.range(0, PortId.COUNT)
            .filter(id -> kind[id] != former.kind[id] || ip[id] != former.ip[id])
            .flatMap(id -> IntStream.of(ip[id], former.ip[id]))
            .filter(address -> address != 0);
    }

    /** Of {@link PortKind}; any id is allowed. */
    public int kind(int id) {
        return id < 0 || id >= PortId.COUNT ? PortKind.NONE : kind[id];
    }

    public int ip(int id) {
        return ip[id];
    }

    public int mtu(int id) {
        return mtu[id];
    }

    /** Of all ports. */
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
     * What nearly all frames of a pod have in common, {@link #PLAIN_WORDS} a port: the first 8 bytes, the 8 bytes from the source address on, and the IPv4
     * source address, all as they lie in memory. A port that is no pod's has bytes that no frame has: a type of 0xFFFF.
     */
    public long[] plainPods() {
        return plainPods;
    }

    /** A big-endian word as the machine loads it. */
    private static long inMemory(long word) {
        return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? Long.reverseBytes(word) : word;
    }

    /** First word of the IPv4 Ethernet header towards the port: {@link EthernetWords}. */
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
