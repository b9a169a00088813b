package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.decision.SourceCheck;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.HeaderError;
import io.weft.encap.packet.Icmp4Header;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.Ipv4Options;
import io.weft.encap.packet.L4Checksum;
import io.weft.encap.packet.Layer4;
import io.weft.encap.packet.TcpHeader;
import io.weft.lb.flow.FlowKey;

/**
 * {@code ip4-input}: checks the (inner) IPv4 header, the addresses, the source against the port, and the transport header; cuts off what
 * follows the packet in its frame; tells partial from full checksums; makes the flow key and its hash. After it every header field is inside the frame.
 *
 * <p>The source of a frame from the tunnel is not checked here but when its flow is made ({@link SourceCheck}): a hit implies it, because an
 * entry takes frames of one ingress only.
 */
public final class Ip4Input extends GraphNode {
    private final BatchContext context;
    private final DropNode drop;
    private final FirstFragments first;
    private final FrameList laterFragments;
    private final FrameList icmpErrors;
    private final FrameList flows;
    private final FrameList underlay;

    public Ip4Input(BatchContext context, DropNode drop, FirstFragments first, Ip4SvReassembly laterFragments,
        Icmp4ErrorInput icmpErrors, FlowLookup flows, FlowCreate create) {
        super(GraphNodeId.IP4_INPUT);
        this.context = context;
        this.drop = drop;
        this.first = first;
        this.laterFragments = laterFragments.in();
        this.icmpErrors = icmpErrors.in();
        this.flows = flows.in();
        underlay = create.in();
    }

    @Override
    public void process(FrameBatch batch) {
        int[] index = in().index;
        int size = in().size;
        for (int n = 0; n < size; n++) {
            header(batch, index[n]);
        }
    }

    private void header(FrameBatch batch, int frame) {
        long ip = Memory.address(batch.l3[frame]);
        int offset = (int) (ip - batch.at[frame]);
        int error = Ipv4Header.validate(ip, batch.length[frame] - offset);
        if (error != HeaderError.NONE) {
            drop.add(frame, error);
            return;
        }
        batch.length[frame] = offset + Ipv4Header.totalLength(ip);
        DropReason refusal = addressRefusal(batch.ingress[frame], Ipv4Header.addresses(ip));
        if (refusal != null) {
            drop.add(frame, refusal);
        } else {
            options(batch, frame, ip);
        }
    }

    private DropReason addressRefusal(int ingress, long addresses) {
        int source = (int) (addresses >>> 32);
        int destination = (int) addresses;
        if (SourceCheck.isMartian(ingress, source)) { return DropReason.MARTIAN_SOURCE; }
        if (SourceCheck.isMartian(ingress, destination)) { return DropReason.MARTIAN_DESTINATION; }
        boolean toItself = source == destination && ingress != PortId.HOST; // the node has one address for client and server
        return toItself || !SourceCheck.isAllowedFromPort(context, ingress, source)
            ? foreignSource(ingress, source, destination)
            : null;
    }

    /**
     * What the uplink's program passes to the node's kernel for a pod or a Service, the kernel routes to {@code weft-host}. Its
     * source is not forged: a host outside has a route to where it must not go.
     */
    private DropReason foreignSource(int ingress, int source, int destination) {
        if (ingress == PortId.HOST && SourceCheck.isOutside(context, source)) {
            if (context.local4().isInServiceCidr(destination)) { return DropReason.CLUSTERIP_FROM_OUTSIDE; }
            if (context.local4().isInClusterCidr(destination)) { return DropReason.NO_DIRECT_POD_ACCESS; }
        }
        return DropReason.SPOOFED_SOURCE;
    }

    private void options(FrameBatch batch, int frame, long ip) {
        int headerLength = Ipv4Header.headerLength(ip);
        if (headerLength != Ipv4Header.LENGTH) {
            int error = Ipv4Options.validate(ip, headerLength);
            if (error != HeaderError.NONE) {
                drop.add(frame, error);
                return;
            }
        }
        long l4 = Memory.address(ip + headerLength);
        int l4Length = Ipv4Header.totalLength(ip) - headerLength;
        batch.l4[frame] = l4;
        batch.l4Length[frame] = l4Length;
        if (Ipv4Header.isFragment(ip)) {
            batch.flags[frame] |= FrameBatch.FRAGMENT;
            fragment(batch, frame, ip);
        } else {
            int protocol = Ipv4Header.protocol(ip);
            transport(batch, frame, ip, protocol, Layer4.validate(protocol, l4, l4Length));
        }
    }

    /** Only a first fragment has ports, and goes the way of a whole packet; the others follow it. */
    private void fragment(FrameBatch batch, int frame, long ip) {
        boolean later = Ipv4Header.isLaterFragment(ip);
        if (!later) {
            batch.hash[frame] = 0; // of a flow that it may yet have
            first.expect(frame);
        }
        int error = Ipv4Header.validateFragment(ip);
        if (error != HeaderError.NONE) {
            drop.add(frame, error);
        } else if (later) {
            laterFragments.add(frame);
        } else {
            int protocol = Ipv4Header.protocol(ip);
            transport(batch, frame, ip, protocol,
                Layer4.validateFirstFragment(protocol, batch.l4[frame], batch.l4Length[frame]));
        }
    }

    private void transport(FrameBatch batch, int frame, long ip, int protocol, int error) {
        long at = Memory.address(batch.l4[frame]);
        int length = batch.l4Length[frame];
        if (error != HeaderError.NONE) {
            drop.add(frame, error);
        } else if (protocol == IpProtocol.IPPROTO_TCP || protocol == IpProtocol.IPPROTO_UDP) {
            tcpOrUdp(batch, frame, ip, at, length, protocol);
        } else if (protocol == IpProtocol.IPPROTO_ICMP) {
            icmp(batch, frame, ip, at);
        } else if (protocol == 0) { // no flow key has it
            drop.add(frame, DropReason.UNSUPPORTED_PROTOCOL);
        } else {
            key(batch, frame, ip, 0, protocol);
        }
    }

    private void tcpOrUdp(FrameBatch batch, int frame, long ip, long at, int length, int protocol) {
        int ports = Layer4.ports(at);
        boolean portZero = ports >>> 16 == 0 || (ports & 0xFFFF) == 0;
        if (portZero && isFragmentFromUnderlay(batch, frame)) {
            setKey(batch, frame, ip, ports, protocol); // the node's stack may serve it
            underlay.add(frame);
        } else if (portZero) {
            drop.add(frame, DropReason.L4_PORT_ZERO);
        } else if (protocol == IpProtocol.IPPROTO_TCP && !TcpHeader.isValidCombination(TcpHeader.flags(at))) {
            drop.add(frame, DropReason.TCP_BAD_FLAGS);
        } else {
            // A stack that fragments has completed the checksum, which is one of the whole datagram.
            if ((batch.flags[frame] & FrameBatch.FRAGMENT) == 0 && L4Checksum.isPartial(ip, at, length, protocol)) {
                batch.flags[frame] |= FrameBatch.PARTIAL;
            }
            key(batch, frame, ip, ports, protocol);
        }
    }

    private void icmp(FrameBatch batch, int frame, long ip, long at) {
        int type = Icmp4Header.type(at);
        if (isForTheNode(batch, frame, type)) {
            int id = Icmp4Header.identifier(at);
            setKey(batch, frame, ip, id << 16 | id, IpProtocol.IPPROTO_ICMP);
            underlay.add(frame);
        } else if (Icmp4Header.isEcho(type)) {
            int id = Icmp4Header.identifier(at);
            key(batch, frame, ip, id << 16 | id, IpProtocol.IPPROTO_ICMP);
        } else if (type == Icmp4Header.ICMP_REDIRECT) {
            drop.add(frame, DropReason.ICMP_REDIRECT);
        } else if (Icmp4Header.isError(type)) {
            icmpErrors.add(frame);
        } else {
            drop.add(frame, DropReason.ICMP_UNSUPPORTED);
        }
    }

    /** The uplink's program cannot tell whose a fragment is. Of ICMP, only echo replies and errors may be Weft's. */
    private static boolean isForTheNode(FrameBatch batch, int frame, int type) {
        return type != Icmp4Header.ICMP_ECHOREPLY && !Icmp4Header.isError(type)
            && isFragmentFromUnderlay(batch, frame);
    }

    private static boolean isFragmentFromUnderlay(FrameBatch batch, int frame) {
        return (batch.flags[frame] & FrameBatch.FRAGMENT) != 0 && Ingress.isUnderlay(batch.ingress[frame]);
    }

    private void key(FrameBatch batch, int frame, long ip, int ports, int protocol) {
        setKey(batch, frame, ip, ports, protocol);
        flows.add(frame);
    }

    /** @param ports source port in the upper 16 bits */
    private static void setKey(FrameBatch batch, int frame, long ip, int ports, int protocol) {
        batch.k0[frame] = Ipv4Header.addresses(ip);
        batch.k1[frame] = FlowKey.ofPorts(ports, protocol);
        batch.hash[frame] = FlowHash.hash(batch.k0[frame], batch.k1[frame]);
    }
}
