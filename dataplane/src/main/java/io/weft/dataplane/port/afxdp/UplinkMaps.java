package io.weft.dataplane.port.afxdp;

import io.weft.dataplane.port.UplinkFilter;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.nat.SnatPorts;
import io.weft.nativebindings.bpf.BpfAssembler;
import io.weft.nativebindings.bpf.BpfMap;
import io.weft.nativebindings.linux.MappedMemory;

/**
 * The data of the uplink's XDP program, which Weft changes without a system call: the node's address, which packets are its tunnel's, and the ports that
 * masqueraded flows use.
 *
 * <p>Threads: the conductor changes address, port and protocol; {@link SnatPorts} changes the bitmaps. Cold code.
 */
final class UplinkMaps implements UplinkFilter, AutoCloseable {
    static final int ADDRESS_AT = 0;
    /** Of a UDP tunnel: its port, in network order. */
    static final int TUNNEL_PORT_AT = 4;
    /** Of any other tunnel: its IP protocol. */
    static final int TUNNEL_PROTOCOL_AT = 8;

    private static final int TARGET_BYTES = 16;
    /** Neither a port nor a protocol. */
    private static final int NOTHING = -1;

    private final BpfMap target = BpfMap.mappableArray("weft_target", TARGET_BYTES, 1);
    private final BpfMap snatPorts = BpfMap.mappableArray("weft_snat", SnatPorts.BITMAPS_LENGTH, 1);
    private final MappedMemory targetMemory = target.mapMemory();
    private final MappedMemory snatMemory = snatPorts.mapMemory();

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
        snatPorts.close();
    }
}
