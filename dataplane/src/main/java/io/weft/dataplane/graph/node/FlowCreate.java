package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.decision.FlowDecision;
import io.weft.dataplane.decision.SourceCheck;
import io.weft.dataplane.flowlog.FlowLogWriter;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.packet.Icmp4Header;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.TcpHeader;
import io.weft.lb.flow.DatagramTracker;
import io.weft.lb.flow.FlowEndListener;
import io.weft.lb.flow.FlowEnder;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTemplate;
import io.weft.lb.flow.TcpTracker;
import io.weft.lb.nat.SnatPorts;
import io.weft.lb.nat.SourceNat;
import io.weft.lb.nat.SourcePortSearch;
import io.weft.lb.service.ServiceTable;

/**
 * {@code flow-create}: has it decided once what happens to a flow ({@link FlowDecision}) and carries it out: writes both directions' entries, or holds, answers
 * or drops the packet.
 */
public final class FlowCreate extends GraphNode {
    /** Next hops of replies that a worker has resolved. */
    private static final int REPLY_HOPS_PER_SECOND = 50;
    private static final int REPLY_HOPS_BURST = 100;

    private final BatchContext context;
    private final DropNode drop;
    private final Reject reject;
    private final NeighbourHold hold;
    private final FrameList echo;
    private final FrameList hits;
    private final FlowTable flows;
    private final FlowEnder ender;
    private final SourceNat sourceNat;
    private final SourcePortSearch portSearch;
    private final FlowDecision decision;
    private final StatelessForward stateless;
    private final NewFlowFetch fetched;
    private final TokenBucket replyHops = new TokenBucket(REPLY_HOPS_PER_SECOND, REPLY_HOPS_BURST);
    private final FlowTemplate template = new FlowTemplate();
    private final FlowLogWriter records;

    /** @param records of this worker; null if flows are not recorded */
    public FlowCreate(BatchContext context, DropNode drop, Reject reject, NeighbourHold hold, Dispatch dispatch,
        Icmp4Echo echo,
        FlowRewrite hits, FlowTable flows, SnatPorts snatPorts, FirstFragments first, FlowLogWriter records) {
        super(GraphNodeId.FLOW_CREATE);
        this.context = context;
        this.drop = drop;
        this.reject = reject;
        this.hold = hold;
        this.echo = echo.in();
        this.hits = hits.in();
        this.flows = flows;
        this.records = records;
        FlowEndListener ended = records != null ? records
            : (forward, k0, k1) -> SourceNat.onEnd(snatPorts, forward, k0, k1);
        ender = new FlowEnder(flows, ended);
        sourceNat = new SourceNat(flows, snatPorts, ended);
        portSearch = new SourcePortSearch(flows, ender);
        decision = new FlowDecision(context);
        stateless = new StatelessForward(reject, dispatch, first);
        fetched = new NewFlowFetch(context, flows);
    }

    @Override
    public void process(FrameBatch batch) {
        fetched.fetch(batch, in());
        for (int n = 0; n < in().size; n++) {
            int frame = in().index[n];
            if (!SourceCheck.isAllowedFromTunnel(context, batch.ingress[frame], FlowKey.source(batch.k0[frame]))) {
                drop.add(frame, DropReason.SPOOFED_SOURCE);
            } else if (isForNode(batch, frame) || !adopt(batch, frame)) {
                carryOut(batch, frame, decide(batch, frame));
            }
        }
    }

    /** Whether a frame from the underlay has a key that is not a flow's: {@code ip4-input} has not looked for one. */
    private static boolean isForNode(FrameBatch batch, int frame) {
        return Ingress.isUnderlay(batch.ingress[frame])
            && FlowKey.protocol(batch.k1[frame]) == IpProtocol.IPPROTO_ICMP;
    }

    /** {@link NewFlowFetch} does, and changes nothing. */
    @Override
    public boolean looksFirst() {
        return true;
    }

    /**
     * An earlier frame of the batch may have made the flow. One whose connection is over ends here, for that of the SYN. One that expects another ingress belongs to a
     * former owner of the address, and lives until the conductor has compared it with the changed tables.
     */
    private boolean adopt(FrameBatch batch, int frame) {
        long flow = flows.find(batch.hash[frame], batch.k0[frame], batch.k1[frame]);
        if (flow == 0 || isReplyFromUnderlay(batch, frame, flow)) { return false; }
        if (FlowLookup.isNewConnection(batch, frame, flow)) {
            ender.endReplaced(flow); // or another worker has
            return false;
        }
        if (FlowEntry.ingress(flow) == batch.ingress[frame]) {
            hit(batch, frame, flow);
        } else if (Ingress.isUnderlay(batch.ingress[frame])) {
            return false; // the node's, or a client of a Service that has come through a tunnel before
        } else {
            drop.add(frame, DropReason.FLOW_MOVED);
        }
        return true;
    }

    /** The SYN of somebody outside to a port that a masqueraded connection had: nobody opens a connection to a pod in this way. */
    private static boolean isReplyFromUnderlay(FrameBatch batch, int frame, long flow) {
        return Ingress.isUnderlay(batch.ingress[frame]) && FlowEntry.isReverse(flow);
    }

    private int decide(FrameBatch batch, int frame) {
        return decision.decide(batch.ingress[frame], batch.k0[frame], batch.k1[frame], fetched.choice(frame),
            !isMidStream(batch, frame), fetched.route(frame), fetched.block(frame));
    }

    private void carryOut(FrameBatch batch, int frame, int verdict) {
        switch (verdict) {
            case FlowDecision.FORWARD -> forward(batch, frame);
            case FlowDecision.HOLD -> holdUntilResolved(batch, frame);
            case FlowDecision.FORWARD_STATELESS -> stateless.forward(batch, frame, decision.egress());
            case FlowDecision.ECHO -> echo(batch, frame);
            default -> reject.refuse(frame, decision);
        }
    }

    private void forward(FrameBatch batch, int frame) {
        int awaited = awaitedHop(batch, frame);
        if (awaited != 0) {
            hold.add(frame, awaited);
        } else if (decision.snat() == FlowDecision.NO_SNAT && isReset(batch, frame)) {
            stateless.forward(batch, frame, decision.egress()); // the last segment of a flow that is gone makes no new one
        } else {
            finish(batch, frame, insert(batch, frame));
        }
    }

    /** A next hop of the flow for which frames before this one are still held, or 0. */
    private int awaitedHop(FrameBatch batch, int frame) {
        if (hold.isAhead(batch, frame, decision.nextHop())) { return decision.nextHop(); }
        return hold.isAhead(batch, frame, decision.replyHop()) ? decision.replyHop() : 0;
    }

    /** Anyone on the underlay can have replies resolved, with a forged source: only so many a second. */
    private void holdUntilResolved(FrameBatch batch, int frame) {
        int hop = decision.unresolvedHop();
        if (Ingress.isUnderlay(batch.ingress[frame]) && !hold.isAwaited(hop) && !replyHops.take(context.nowNanos())) {
            drop.add(frame, DropReason.REPLY_NEIGHBOUR_LIMIT);
        } else {
            context.state().neighbourRequests().post(hop);
            hold.add(frame, hop);
        }
    }

    private void echo(FrameBatch batch, int frame) {
        if (Icmp4Header.type(batch.l4[frame]) == Icmp4Header.ICMP_ECHO) {
            echo.add(frame);
        } else {
            reject.refuse(frame, decision);
        }
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

    private void fillTemplate(FrameBatch batch, int frame) {
        template.reset(batch.k0[frame], batch.k1[frame], firstState(batch, frame), context.nowSeconds());
        template.bornMillis = context.nowMillis();
        template.flags = isMidStream(batch, frame) ? FlowEntry.PICKED_UP : 0;
        template.forwardEgress = decision.egress();
        template.forwardIngress = batch.ingress[frame];
        template.reverseIngress = decision.replyIngress();
        template.reverseEgress = decision.replyEgress();
        template.newSrc = decision.newSource();
        if (decision.isToBackend()) {
            template.newDst = decision.newDestination();
            template.newDport = decision.newDestinationPort();
            template.flags |= FlowEntry.SERVICE | FlowEntry.DNAT;
        }
        if (decision.snat() != FlowDecision.NO_SNAT) {
            template.flags |= FlowEntry.SNAT;
        }
    }

    private static int firstState(FrameBatch batch, int frame) {
        int protocol = FlowKey.protocol(batch.k1[frame]);
        return protocol == IpProtocol.IPPROTO_TCP
            ? TcpTracker.firstState(TcpHeader.flags(batch.l4[frame]))
            : DatagramTracker.firstState(protocol);
    }

    /** @return a result of {@link FlowTable#insertPair} or {@link SourceNat#insert} */
    private long insert(FrameBatch batch, int frame) {
        fillTemplate(batch, frame);
        return decision.snat() == FlowDecision.MASQUERADE
            ? sourceNat.insert(batch.hash[frame], batch.k0[frame], batch.k1[frame], template)
            : insertWithOwnPort(batch, frame);
    }

    private long insertWithOwnPort(FrameBatch batch, int frame) {
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

    /** Another client has this port, or the same client already talks to the same backend from it, by another address of the backend. */
    private long insertWithOtherPort(FrameBatch batch, int frame) {
        template.flags |= FlowEntry.SNAT;
        return portSearch.insert(batch.hash[frame], batch.k0[frame], batch.k1[frame], template);
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
            if (decision.affinityBlock() != 0 && !FlowTable.isAdopted(result)) {
                keepBackend(decision.affinityBlock(), FlowKey.source(batch.k0[frame]));
            }
            if (records != null && !FlowTable.isAdopted(result)) {
                records.started(FlowTable.entry(result));
            }
            hit(batch, frame, FlowTable.entry(result));
        } else {
            drop.add(frame, reason(result));
        }
    }

    private void keepBackend(long block, int client) {
        context.state().affinities().put(ServiceTable.affinityId(block), client, decision.backend(),
            ServiceTable.affinitySeconds(block), context.nowSeconds());
    }

    private static DropReason reason(long result) {
        if (result == FlowTable.REVERSE_TAKEN) { return DropReason.REVERSE_TAKEN; }
        if (result == SourcePortSearch.NO_SOURCE_PORT) { return DropReason.SERVICE_NO_SOURCE_PORT; }
        return result == SourceNat.SNAT_NO_PORT ? DropReason.SNAT_NO_PORT : DropReason.CT_FULL;
    }

    private void hit(FrameBatch batch, int frame, long flow) {
        batch.flow[frame] = flow;
        hits.add(frame);
    }
}
