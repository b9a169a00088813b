package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.frame.ChecksumRequest;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.state.PortDirectory;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.VlanTag;

/**
 * {@code ethernet-input}: takes IPv4 and ARP that is addressed to us; from a pod only with the pod's own source address. IPv4 from the
 * uplink goes by way of {@code vxlan4-decap}.
 */
public final class EthernetInput extends GraphNode {
    private final BatchContext context;
    private final DropNode drop;
    private final FrameList arp;
    private final FrameList uplinkIp4;
    private final FrameList ip4;

    public EthernetInput(BatchContext context, DropNode drop, ArpInput arp, TunnelDecap decap, Ip4Input ip4) {
        super(GraphNodeId.ETHERNET_INPUT);
        this.context = context;
        this.drop = drop;
        this.arp = arp.in();
        this.uplinkIp4 = decap.in();
        this.ip4 = ip4.in();
    }

    @Override
    public void process(FrameBatch batch) {
        PortDirectory ports = context.ports();
        int[] index = in().index;
        int size = in().size;
        for (int n = 0; n < size; n++) {
            int frame = index[n];
            int port = batch.port[frame];
            int length = batch.length[frame];
            long at = Memory.address(batch.at[frame]);
            batch.l3[frame] = at + EthernetHeader.LENGTH;
            batch.ingress[frame] = port;
            batch.flags[frame] = 0;
            batch.checksum[frame] = ChecksumRequest.NONE;
            if (!isOurIp4(ports, port, at, length)) {
                other(ports, frame, port, at, length);
            } else if (ports.kind(port) == PortKind.UPLINK) {
                uplinkIp4.add(frame);
            } else {
                ip4.add(frame);
            }
        }
    }

    private static boolean isOurIp4(PortDirectory ports, int port, long at, int length) {
        return length >= EthernetHeader.LENGTH && EthernetHeader.type(at) == EthernetHeader.ETH_P_IP
            && EthernetHeader.destination(at) == ports.localMac(port) && isAllowedSource(ports, port, at);
    }

    private static boolean isAllowedSource(PortDirectory ports, int port, long at) {
        long source = EthernetHeader.source(at);
        return ports.kind(port) == PortKind.POD ? source == ports.peerMac(port) : !EthernetHeader.isGroup(source);
    }

    private void other(PortDirectory ports, int frame, int port, long at, int length) {
        if (length < EthernetHeader.LENGTH) {
            drop.add(frame, DropReason.TRUNCATED);
        } else if (EthernetHeader.type(at) == EthernetHeader.ETH_P_ARP && isToUs(ports, port, at)) {
            arp.add(frame);
        } else {
            drop.add(frame, reason(ports, port, at));
        }
    }

    private static boolean isToUs(PortDirectory ports, int port, long at) {
        long destination = EthernetHeader.destination(at);
        return destination == EthernetHeader.BROADCAST || destination == ports.localMac(port);
    }

    private static DropReason reason(PortDirectory ports, int port, long at) {
        if (ports.kind(port) == PortKind.NONE) { return DropReason.NO_PORT; }
        if (EthernetHeader.isGroup(EthernetHeader.source(at))) { return DropReason.ETH_GROUP_SOURCE; }
        DropReason byType = reasonOfType(EthernetHeader.type(at));
        if (byType != null) { return byType; }
        if (EthernetHeader.isGroup(EthernetHeader.destination(at))) { return DropReason.ETH_GROUP_DESTINATION; }
        return EthernetHeader.destination(at) == ports.localMac(port) ? DropReason.SPOOFED_SOURCE
            : DropReason.NOT_OUR_MAC;
    }

    /** @return null for the types that are served */
    private static DropReason reasonOfType(int type) {
        if (type == EthernetHeader.ETH_P_IP || type == EthernetHeader.ETH_P_ARP) { return null; }
        if (VlanTag.isTag(type)) { return DropReason.VLAN_FILTERED; }
        if (type == EthernetHeader.ETH_P_IPV6) { return DropReason.IP6_UNSUPPORTED; }
        if (type == EthernetHeader.ETH_P_PAUSE) { return DropReason.ETH_PAUSE; }
        return type < EthernetHeader.ETH_P_802_3_MIN ? DropReason.ETH_LLC : DropReason.ETH_UNKNOWN_TYPE;
    }
}
