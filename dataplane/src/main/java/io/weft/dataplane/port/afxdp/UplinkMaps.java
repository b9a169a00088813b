package io.weft.dataplane.port.afxdp;

import io.weft.dataplane.port.UplinkFilter;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.nat.SnatPorts;
import io.weft.nativebindings.bpf.BpfAssembler;
import io.weft.nativebindings.bpf.BpfMap;
import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.MappedMemory;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The data of the uplink's XDP program: the node's address, which packets are its tunnel's, the service CIDRs and the ports that masqueraded flows use, which
 * Weft changes without a system call; and a hash map of the frontends of Services.
 *
 * <p>A key of that map is an address, a port and a protocol as in a packet, 4, 2 and 1 bytes, then a zero. A key with port and protocol 0 says that the
 * address has frontends.
 *
 * <p>Threads: the conductor; {@link SnatPorts} changes the bitmaps. Cold code.
 */
final class UplinkMaps implements UplinkFilter, AutoCloseable {
    static final int ADDRESS_AT = 0;
    /** Of a UDP tunnel: its port, in network order. */
    static final int TUNNEL_PORT_AT = 4;
    /** Of any other tunnel: its IP protocol. */
    static final int TUNNEL_PROTOCOL_AT = 8;

    /** Of each service CIDR: its base and mask, in network order. */
    static final int CIDRS_AT = 16;
    static final int CIDR_BYTES = 8;
    static final int MASK_AT = 4;

    static final int KEY_BYTES = 8;

    private static final int TARGET_BYTES = CIDRS_AT + MAX_SERVICE_CIDRS * CIDR_BYTES;
    private static final int MAX_FRONTENDS = 1 << 17;
    private static final byte[] PRESENT = new byte[Integer.BYTES];
    /** Neither a port nor a protocol, nor the base of a prefix of length 0. */
    private static final int NOTHING = -1;

    private final BpfMap target = BpfMap.mappableArray("weft_target", TARGET_BYTES, 1);
    private final BpfMap snatPorts = BpfMap.mappableArray("weft_snat", SnatPorts.BITMAPS_LENGTH, 1);
    private final BpfMap frontends;
    /** Frontends by address. */
    private final Map<Integer, Integer> frontendsOf = new HashMap<>();
    private final MappedMemory targetMemory = target.mapMemory();
    private final MappedMemory snatMemory = snatPorts.mapMemory();

    UplinkMaps() {
        this(MAX_FRONTENDS);
    }

    /** @param maxFrontends maximum number of frontends and their addresses together */
    UplinkMaps(int maxFrontends) {
        frontends = BpfMap.create(BpfMap.Type.HASH, "weft_frontends", KEY_BYTES, PRESENT.length, maxFrontends,
            BpfMap.BPF_F_NO_PREALLOC);
        setServiceCidrs(List.of());
    }

    /** The program redirects nothing until the first call. */
    @Override
    public void setTarget(int nodeAddress, int tunnelProtocol, int tunnelPort) {
        boolean udp = tunnelProtocol == IpProtocol.IPPROTO_UDP;
        Memory.putNativeI32(targetMemory.address() + TUNNEL_PORT_AT,
            udp ? BpfAssembler.hostShort(tunnelPort) : NOTHING);
        Memory.putNativeI32(targetMemory.address() + TUNNEL_PROTOCOL_AT, udp ? NOTHING : tunnelProtocol);
        Memory.setReleaseI32(targetMemory.address() + ADDRESS_AT, BpfAssembler.hostInt(nodeAddress));
    }

    @Override
    public long snatBitmaps() {
        return snatMemory.address();
    }

    /** An entry matches nothing while it changes: a packet that arrives meanwhile is the kernel's. */
    @Override
    public void setServiceCidrs(List<IpPrefix> prefixes) {
        for (int i = 0; i < MAX_SERVICE_CIDRS; i++) {
            long at = targetMemory.address() + CIDRS_AT + (long) i * CIDR_BYTES;
            int base = i < prefixes.size() ? BpfAssembler.hostInt(prefixes.get(i).base().toInt()) : NOTHING;
            int mask = i < prefixes.size() ? BpfAssembler.hostInt(Ipv4Address.mask(prefixes.get(i).length())) : 0;
            if (Memory.nativeI32(at) != base || Memory.nativeI32(at + MASK_AT) != mask) {
                Memory.setReleaseI32(at + MASK_AT, 0);
                Memory.setReleaseI32(at, NOTHING);
                Memory.setReleaseI32(at + MASK_AT, mask);
                Memory.setReleaseI32(at, base);
            }
        }
    }

    @Override
    public boolean addFrontend(int address, int port, int protocol) {
        if (frontendsOf.merge(address, 1, Integer::sum) == 1 && !put(key(address, 0, 0))) {
            frontendsOf.remove(address);
            return false;
        }
        if (put(key(address, port, protocol))) { return true; }
        forget(address);
        return false;
    }

    @Override
    public int maxFrontends() {
        return frontends.maxEntries();
    }

    @Override
    public void removeFrontend(int address, int port, int protocol) {
        if (frontends.delete(key(address, port, protocol))) {
            forget(address);
        }
    }

    private void forget(int address) {
        if (frontendsOf.merge(address, -1, Integer::sum) == 0) {
            frontendsOf.remove(address);
            frontends.delete(key(address, 0, 0));
        }
    }

    /** @return false if the map is full */
    private boolean put(byte[] key) {
        try {
            frontends.update(key, PRESENT);
            return true;
        } catch (LinuxException e) {
            if (e.errno() != Errno.E2BIG && e.errno() != Errno.ENOMEM) { throw e; }
            return false;
        }
    }

    private static byte[] key(int address, int port, int protocol) {
        return ByteBuffer.allocate(KEY_BYTES).putInt(address).putShort((short) port).put((byte) protocol).array();
    }

    BpfMap frontends() {
        return frontends;
    }

    BpfMap target() {
        return target;
    }

    BpfMap snatPorts() {
        return snatPorts;
    }

    @Override
    public void close() {
        targetMemory.close();
        snatMemory.close();
        target.close();
        frontends.close();
        snatPorts.close();
    }
}
