package io.weft.dataplane.table;

import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.memory.Memory;
import io.weft.encap.tunnel.Encapsulation;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Bytes of the blocks that describe the local node, a port, a peer. Machine order. Lengths that a reader takes
 * out of a block are cut to what may be there, so that a block that is being reused gives nonsense but no access outside the file.
 */
final class TableBlocks {
    static final int PORT_BYTES = 48;
    static final int PEER_BYTES = 304 + PeerSpec.MAX_NODE_ADDRESSES * Integer.BYTES;
    static final int LOCAL_NODE_BYTES = 592;

    private static final int PORT_NAME_AT = 32;
    private static final int PEER_NAME_AT = 40;
    private static final int PEER_ADDRESSES_AT = 304;
    private static final int LOCAL_NAME_AT = 64;
    private static final int NODE_PORT_ADDRESSES_AT = 320;
    private static final int MORE_SERVICE_CIDRS_AT = 456;
    private static final int WEFT_FLAG = 1;
    /** Of the word that has the encapsulation's ordinal from bit 8 on. */
    private static final int MASQUERADE_FLAG = 1;
    private static final int MASQUERADE_ALL_FLAG = 2;
    private static final int ENCAPSULATION_SHIFT = 8;
    private static final int ENCAPSULATION_MASK = 0xFF;
    private static final int LOCAL_PODS_SHIFT = 16;
    private static final int LOCAL_PODS_MASK = 0xFF;

    private TableBlocks() {
    }

    static void put(long at, PortSpec port) {
        Memory.putNativeI64(at, port.attachId());
        Memory.putNativeI64(at + 8, port.podMac());
        Memory.putNativeI32(at + 16, port.id());
        Memory.putNativeI32(at + 20, port.podIp().toInt());
        Memory.putNativeI32(at + 24, port.mtu());
        putName(at + PORT_NAME_AT - Integer.BYTES, port.ifName());
    }

    static PortSpec port(long at) {
        return new PortSpec(
            Memory.nativeI32(at + 16),
            Memory.nativeI64(at),
            name(at + PORT_NAME_AT - Integer.BYTES, PortSpec.MAX_NAME_LENGTH),
            address(at + 20),
            Memory.nativeI64(at + 8),
            Memory.nativeI32(at + 24));
    }

    static void put(long at, PeerSpec peer) {
        Memory.putNativeI64(at, peer.vtepMac());
        Memory.putNativeI32(at + 8, peer.index());
        Memory.putNativeI32(at + 12, peer.vtepIp().toInt());
        putPrefix(at + 16, peer.podCidr());
        Memory.putNativeI32(at + 24, peer.weft() ? WEFT_FLAG : 0);
        Memory.putNativeI32(at + 28, peer.nodeAddresses().size());
        Memory.putNativeI32(at + 32, peer.tunnel());
        putName(at + PEER_NAME_AT - Integer.BYTES, peer.nodeName());
        for (int i = 0; i < peer.nodeAddresses().size(); i++) {
            Memory.putNativeI32(at + PEER_ADDRESSES_AT + (long) i * Integer.BYTES, peer.nodeAddresses().get(i).toInt());
        }
    }

    static PeerSpec peer(long at) {
        List<IpAddress> addresses = new ArrayList<>();
        int count = Math.clamp(Memory.nativeI32(at + 28), 0, PeerSpec.MAX_NODE_ADDRESSES);
        for (int i = 0; i < count; i++) {
            addresses.add(address(at + PEER_ADDRESSES_AT + (long) i * Integer.BYTES));
        }
        return new PeerSpec(
            Memory.nativeI32(at + 8),
            Memory.nativeI32(at + 32),
            name(at + PEER_NAME_AT - Integer.BYTES, PeerSpec.MAX_NODE_NAME_LENGTH),
            address(at + 12),
            Memory.nativeI64(at),
            prefix(at + 16),
            addresses,
            (Memory.nativeI32(at + 24) & WEFT_FLAG) != 0);
    }

    static void put(long at, LocalNode node) {
        Memory.putNativeI64(at, node.vtepMac());
        Memory.putNativeI32(at + 8, node.address().toInt());
        putPrefix(at + 12, node.podCidr());
        putPrefix(at + 20, node.clusterCidr());
        putPrefix(at + 28, node.serviceCidr());
        Memory.putNativeI32(at + 36, node.overlay().id());
        Memory.putNativeI32(at + 40, node.overlay().port());
        Memory.putNativeI32(at + 44, node.podMtu());
        Memory.putNativeI32(at + 48, (node.masquerade() ? MASQUERADE_FLAG : 0)
            | (node.services().masqueradeAll() ? MASQUERADE_ALL_FLAG : 0)
            | node.overlay().encapsulation().ordinal() << ENCAPSULATION_SHIFT
            | node.services().localPods().ordinal() << LOCAL_PODS_SHIFT);
        Memory.putNativeU16(at + 52, node.snatFirst());
        Memory.putNativeU16(at + 54, node.snatLast());
        Memory.putNativeI32(at + 56, node.offNodeMtu());
        putName(at + LOCAL_NAME_AT - Integer.BYTES, node.name());
        putPrefixes(at + NODE_PORT_ADDRESSES_AT, node.services().nodePortAddresses());
        putPrefixes(at + MORE_SERVICE_CIDRS_AT, node.services().moreServiceCidrs());
    }

    static LocalNode localNode(long at) {
        return new LocalNode(
            name(at + LOCAL_NAME_AT - Integer.BYTES, PeerSpec.MAX_NODE_NAME_LENGTH),
            address(at + 8),
            prefix(at + 12),
            prefix(at + 20),
            prefix(at + 28),
            Memory.nativeI64(at),
            new Overlay(encapsulation(Memory.nativeI32(at + 48)), Memory.nativeI32(at + 36), Memory.nativeI32(at + 40)),
            Memory.nativeI32(at + 44),
            Memory.nativeI32(at + 56),
            (Memory.nativeI32(at + 48) & MASQUERADE_FLAG) != 0,
            Memory.nativeU16(at + 52),
            Memory.nativeU16(at + 54),
            new ServiceRules(
                prefixes(at + NODE_PORT_ADDRESSES_AT),
                (Memory.nativeI32(at + 48) & MASQUERADE_ALL_FLAG) != 0,
                localPods(Memory.nativeI32(at + 48)),
                prefixes(at + MORE_SERVICE_CIDRS_AT)));
    }

    /** A dataplane that does not know an encapsulation must not read its tables: a new one changes {@link TablesFile}'s version. */
    private static Encapsulation encapsulation(int flags) {
        return Encapsulation
            .of(Math.min(flags >>> ENCAPSULATION_SHIFT & ENCAPSULATION_MASK, Encapsulation.count() - 1));
    }

    private static LocalPods localPods(int flags) {
        LocalPods[] all = LocalPods.values();
        return all[Math.min(flags >>> LOCAL_PODS_SHIFT & LOCAL_PODS_MASK, all.length - 1)];
    }

    private static void putPrefixes(long at, List<IpPrefix> prefixes) {
        Memory.putNativeI32(at, prefixes.size());
        for (int i = 0; i < prefixes.size(); i++) {
            putPrefix(at + (i + 1L) * Long.BYTES, prefixes.get(i));
        }
    }

    private static List<IpPrefix> prefixes(long at) {
        List<IpPrefix> prefixes = new ArrayList<>();
        int count = Math.clamp(Memory.nativeI32(at), 0, ServiceRules.MAX_RANGES);
        for (int i = 0; i < count; i++) {
            prefixes.add(prefix(at + (i + 1L) * Long.BYTES));
        }
        return prefixes;
    }

    private static void putPrefix(long at, IpPrefix prefix) {
        Memory.putNativeI32(at, prefix.base().toInt());
        Memory.putNativeI32(at + 4, prefix.length());
    }

    private static IpAddress address(long at) {
        return IpAddress.ipv4(Memory.nativeI32(at));
    }

    private static IpPrefix prefix(long at) {
        return new IpPrefix(address(at), Memory.nativeI32(at + 4));
    }

    private static void putName(long at, String name) {
        byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
        Memory.putNativeI32(at, utf8.length);
        Memory.copyIn(utf8, 0, at + Integer.BYTES, utf8.length);
    }

    private static String name(long at, int longest) {
        byte[] utf8 = new byte[Math.clamp(Memory.nativeI32(at), 0, longest)];
        Memory.copyOut(at + Integer.BYTES, utf8, 0, utf8.length);
        return new String(utf8, StandardCharsets.UTF_8);
    }
}
