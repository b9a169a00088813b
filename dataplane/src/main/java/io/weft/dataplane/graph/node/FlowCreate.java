package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.decision.Answer;
import io.weft.dataplane.decision.EgressResolver;
import io.weft.dataplane.decision.SourceCheck;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.Route;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.packet.Icmp4Header;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.TcpHeader;
import io.weft.lb.flow.DatagramTracker;
import io.weft.lb.flow.FlowEnder;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTemplate;
import io.weft.lb.flow.TcpTracker;
import io.weft.lb.nat.SnatPorts;
import io.weft.lb.nat.SourceNat;
import io.weft.lb.service.Backend;
import io.weft.lb.service.ServiceTable;

/**
 * {@code flow-create}: decides once what happens to a flow: may it be, which backend, which source, where it leaves; and writes both directions'
 * entries. Everything a known flow's packet need not do is done here: source of tunnel frames, services, hairpin, masquerade, routes.
 */
public final class FlowCreate extends GraphNode {
    /** Other source ports that are tried when the reply's key is taken. */
    private static final int OTHER_PORTS = 16;
    private static final int FIRST_OTHER_PORT = 1024;
    private static final int NEXT_HASH = 0x9E37_79B9;

    private final BatchContext context;
    private final DropNode drop;
    private final Reject reject;
    private final NeighbourHold hold;
    private final Dispatch dispatch;
    private final FrameList echo;
    private final FrameList hits;
    private final FlowTable flows;
    private final FlowEnder ender;
    private final SourceNat sourceNat;
    private final EgressResolver resolver;
    private final StatelessForward byAddress;
    private final FirstFragments first;
    private final NewFlowFetch fetched;
    private final FlowTemplate template = new FlowTemplate();

    public FlowCreate(BatchContext context, DropNode drop, Reject reject, NeighbourHold hold, Dispatch dispatch,
        Icmp4Echo echo,
        FlowRewrite hits, FlowTable flows, SnatPorts snatPorts, FirstFragments first) {
        super(GraphNodeId.FLOW_CREATE);
        this.context = context;
        this.drop = drop;
        this.reject = reject;
        this.hold = hold;
        this.dispatch = dispatch;
        this.echo = echo.in();
        this.hits = hits.in();
        this.flows = flows;
        ender = new FlowEnder(flows, (forward, k0, k1) -> SourceNat.onEnd(snatPorts, forward, k0, k1));
        sourceNat = new SourceNat(flows, snatPorts);
        resolver = new EgressResolver(context);
        byAddress = new StatelessForward(reject, dispatch, first);
        this.first = first;
        fetched = new NewFlowFetch(context, flows);
    }

    @Override
    public void process(FrameBatch batch) {
        fetched.fetch(batch, in());
        for (int n = 0; n < in().size; n++) {
            int frame = in().index[n];
            if (!SourceCheck.isAllowed(context, batch.ingress[frame], FlowKey.source(batch.k0[frame]))) {
                drop.add(frame, DropReason.SPOOFED_SOURCE);
            } else if (EgressResolver.isUnderlay(batch.ingress[frame])) {
                fromUnderlay(batch, frame);
            } else if (!adopt(batch, frame)) {
                create(batch, frame);
            }
        }
    }

    /** {@link NewFlowFetch} does, and changes nothing. */
    @Override
    public boolean looksFirst() {
        return true;
    }

    /** Nobody outside starts a flow to a pod; the node's own packets, taken in error, are handed to it. */
    private void fromUnderlay(FrameBatch batch, int frame) {
        if (!resolver.resolve(batch.ingress[frame], FlowKey.destination(batch.k0[frame]))) {
            drop.add(frame, resolver.refusal());
        } else {
            first.forward(batch, frame, resolver.egress());
            dispatch.to(batch, frame, resolver.egress());
        }
    }

    /**
     * An earlier frame of the batch may have made the flow. One whose connection is over ends here, for that of the SYN. One that expects another ingress belongs to a
     * former owner of the address, and lives until the sweeper has seen that the tables changed.
     */
    private boolean adopt(FrameBatch batch, int frame) {
        long flow = flows.find(batch.hash[frame], batch.k0[frame], batch.k1[frame]);
        if (flow == 0) { return false; }
        if (FlowLookup.isNewConnection(batch, frame, flow)) {
            ender.endReplaced(flow); // or another worker has
            return false;
        }
        if (FlowEntry.ingress(flow) == batch.ingress[frame]) {
            hit(batch, frame, flow);
        } else {
            drop.add(frame, DropReason.FLOW_MOVED);
        }
        return true;
    }

    private void create(FrameBatch batch, int frame) {
        long k1 = batch.k1[frame];
        int destination = FlowKey.destination(batch.k0[frame]);
        int kind = Route.kind(fetched.route(frame));
        if (isForgedTunnel(batch.ingress[frame], k1, destination, kind)) {
            drop.add(frame, DropReason.ENCAP_FROM_POD);
        } else if (kind == Route.SERVICE) {
            service(batch, frame, destination);
        } else if (kind == Route.GATEWAY) {
            gateway(batch, frame);
        } else {
            plain(batch, frame, destination);
        }
    }

    /** A pod that speaks to a tunnel endpoint would be heard as a node. */
    private boolean isForgedTunnel(int ingress, long k1, int destination, int kind) {
        return ingress != PortId.HOST && FlowKey.protocol(k1) == IpProtocol.IPPROTO_UDP
            && FlowKey.destinationPort(k1) == context.local().overlayPort()
            && (kind == Route.PEER_NODE || context.isOwnAddress(destination)
                || context.tables().peerByEndpoint(destination) >= 0);
    }

    private void gateway(FrameBatch batch, int frame) {
        if (FlowKey.protocol(batch.k1[frame]) == IpProtocol.IPPROTO_ICMP
            && Icmp4Header.type(batch.l4[frame]) == Icmp4Header.ICMP_ECHO) {
            echo.add(frame);
        } else {
            reject.add(frame, DropReason.GATEWAY_NO_SERVICE, Answer.REFUSE);
        }
    }

    // -- without a service -------------------------------------------------------------------------------------------

    private void plain(FrameBatch batch, int frame, int destination) {
        if (!resolve(batch, frame, destination)) { return; }
        if (resolver.isOutside() && context.local().masquerade()) {
            begin(batch, frame);
            masquerade(batch, frame);
        } else if (isReset(batch, frame)) {
            byAddress.forward(batch, frame, resolver.egress()); // the last segment of a flow that is gone makes no new one
        } else {
            begin(batch, frame);
            finish(batch, frame, insert(batch, frame));
        }
    }

    /** @return whether there is a way, now; else the frame is refused, or waits for it */
    private boolean resolve(FrameBatch batch, int frame, int destination) {
        if (!resolver.resolve(batch.ingress[frame], destination)) {
            refuse(frame);
            return false;
        }
        if (resolver.isOutside() && hold.isAhead(batch, frame, resolver.nextHop())) {
            hold.add(frame, resolver.nextHop());
            return false;
        }
        return true;
    }

    private void refuse(int frame) {
        if (resolver.isOutside() && resolver.refusal() == DropReason.NEIGHBOUR_UNRESOLVED) {
            hold.add(frame, resolver.nextHop());
        } else if (resolver.answer() == Answer.NO_ANSWER) {
            drop.add(frame, resolver.refusal());
        } else {
            reject.add(frame, resolver.refusal(), resolver.answer());
        }
    }

    // -- services ----------------------------------------------------------------------------------------------------

    private void service(FrameBatch batch, int frame, int address) {
        if (Ingress.isTunnel(batch.ingress[frame])) {
            drop.add(frame, DropReason.CLUSTERIP_FROM_OUTSIDE);
            return;
        }
        long block = fetched.block(frame);
        if (!SnatPorts.supports(FlowKey.protocol(batch.k1[frame]))) {
            reject.add(frame, DropReason.UNSUPPORTED_PROTOCOL, Answer.PROTOCOL_UNREACHABLE);
        } else if (block == 0) {
            boolean known = context.tables().services().isServiceAddress(address);
            reject.add(frame, known ? DropReason.SERVICE_NO_PORT : DropReason.SERVICE_UNKNOWN_ADDRESS, Answer.REFUSE);
        } else if (ServiceTable.backendCount(block) == 0) {
            reject.add(frame, DropReason.SERVICE_NO_ENDPOINTS, Answer.REFUSE);
        } else if (isMidStream(batch, frame)) {
            reject.add(frame, DropReason.NO_FLOW, Answer.REFUSE);
        } else {
            toBackend(batch, frame, block);
        }
    }

    private void toBackend(FrameBatch batch, int frame, long block) {
        long backend = ServiceTable.choose(block, batch.hash[frame]);
        if (!resolve(batch, frame, Backend.ip(backend))) { return; }
        begin(batch, frame);
        template.newDst = Backend.ip(backend);
        template.newDport = Backend.port(backend);
        template.flags |= FlowEntry.SERVICE | FlowEntry.DNAT;
        if (resolver.isOutside() && context.local().masquerade()) {
            masquerade(batch, frame);
        } else {
            hairpin(batch, frame);
            finish(batch, frame, insert(batch, frame));
        }
    }

    /** A packet that goes back to where it came from would be answered past us, so its source becomes the gateway. */
    private void hairpin(FrameBatch batch, int frame) {
        if (resolver.replyIngress() == batch.ingress[frame]) {
            template.newSrc = context.local().gateway();
            template.flags |= FlowEntry.SNAT;
        }
    }

    // -- masquerade --------------------------------------------------------------------------------------------------

    /** {@link #template} has been begun, and its destination may be a backend's. */
    private void masquerade(FrameBatch batch, int frame) {
        if (!SnatPorts.supports(FlowKey.protocol(batch.k1[frame]))) {
            drop.add(frame, DropReason.UNSUPPORTED_PROTOCOL);
            return;
        }
        if (isMidStream(batch, frame)) {
            reject.add(frame, DropReason.NO_FLOW, Answer.REFUSE);
            return;
        }
        template.newSrc = context.local().address();
        finish(batch, frame, sourceNat.insert(batch.hash[frame], batch.k0[frame], batch.k1[frame], template));
    }

    // -- entries -----------------------------------------------------------------------------------------------------

    /** A TCP segment that opens no connection. */
    private static boolean isMidStream(FrameBatch batch, int frame) {
        return FlowKey.protocol(batch.k1[frame]) == IpProtocol.IPPROTO_TCP
            && !TcpTracker.isOpening(TcpHeader.flags(batch.l4[frame]));
    }

    private static boolean isReset(FrameBatch batch, int frame) {
        return FlowKey.protocol(batch.k1[frame]) == IpProtocol.IPPROTO_TCP
            && (TcpHeader.flags(batch.l4[frame]) & TcpHeader.RST) != 0;
    }

    private void begin(FrameBatch batch, int frame) {
        template.reset(batch.k0[frame], batch.k1[frame], firstState(batch, frame), context.nowSeconds());
        template.bornMillis = context.nowMillis();
        template.flags = isMidStream(batch, frame) ? FlowEntry.PICKED_UP : 0;
        template.forwardEgress = resolver.egress();
        template.forwardIngress = batch.ingress[frame];
        template.reverseIngress = resolver.replyIngress();
        template.reverseEgress = dispatch.back(batch.ingress[frame]);
    }

    private static int firstState(FrameBatch batch, int frame) {
        int protocol = FlowKey.protocol(batch.k1[frame]);
        return protocol == IpProtocol.IPPROTO_TCP
            ? TcpTracker.firstState(TcpHeader.flags(batch.l4[frame]))
            : DatagramTracker.firstState(protocol);
    }

    /** @return a result of {@link FlowTable#insertPair} */
    private long insert(FrameBatch batch, int frame) {
        long result = insertPair(batch, frame);
        if (result == FlowTable.REVERSE_TAKEN && isReverseFreed(batch, frame)) {
            result = insertPair(batch, frame);
        }
        return result == FlowTable.REVERSE_TAKEN && hasPortToChange(batch, frame)
            ? insertWithOtherPort(batch, frame)
            : result;
    }

    private long insertPair(FrameBatch batch, int frame) {
        return flows.insertPair(batch.hash[frame], batch.k0[frame], batch.k1[frame], template);
    }

    /** A connection of which nothing is known has told its peer the port that it has. */
    private static boolean hasPortToChange(FrameBatch batch, int frame) {
        return FlowKey.protocol(batch.k1[frame]) != IpProtocol.IPPROTO_ICMP
            && SnatPorts.supports(FlowKey.protocol(batch.k1[frame])) && !isMidStream(batch, frame);
    }

    /**
     * The same client already talks to the same backend from the same port, by another address of it. Replies could not be told apart, so this flow gets another
     * source port, which only the backend sees, as conntrack does (nf_nat_core.c, {@code get_unique_tuple}).
     */
    private long insertWithOtherPort(FrameBatch batch, int frame) {
        template.flags |= FlowEntry.SNAT;
        int hash = batch.hash[frame];
        long result = FlowTable.REVERSE_TAKEN;
        for (int attempt = 0; attempt < OTHER_PORTS && result == FlowTable.REVERSE_TAKEN; attempt++) {
            hash += NEXT_HASH;
            template.newSport = FIRST_OTHER_PORT + Integer.remainderUnsigned(hash, 0x1_0000 - FIRST_OTHER_PORT);
            if (flows.find(template.reverseK0(), template.reverseK1(batch.k1[frame])) == 0) {
                result = insertPair(batch, frame);
            }
        }
        return result;
    }

    /** The replies' key may be that of a connection which is over: the same client to the same backend by another address. */
    private boolean isReverseFreed(FrameBatch batch, int frame) {
        long owner = flows.find(template.reverseK0(), template.reverseK1(batch.k1[frame]));
        if (owner == 0 || !FlowLookup.isNewConnection(batch, frame, owner)) { return false; }
        ender.endReplaced(owner); // or another worker has
        return true;
    }

    private void finish(FrameBatch batch, int frame, long result) {
        if (result > 0) {
            hit(batch, frame, FlowTable.entry(result));
        } else {
            drop.add(frame, reason(result));
        }
    }

    private static DropReason reason(long result) {
        if (result == FlowTable.REVERSE_TAKEN) { return DropReason.REVERSE_TAKEN; }
        return result == SourceNat.SNAT_NO_PORT ? DropReason.SNAT_NO_PORT : DropReason.CT_FULL;
    }

    private void hit(FrameBatch batch, int frame, long flow) {
        batch.flow[frame] = flow;
        hits.add(frame);
    }
}
