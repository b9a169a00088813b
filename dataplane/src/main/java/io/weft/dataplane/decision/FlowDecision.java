package io.weft.dataplane.decision;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.Route;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.nat.SnatPorts;
import io.weft.lb.service.Backend;
import io.weft.lb.service.ServiceTable;

/**
 * Who may talk to whom, by which way, and translated how: the one decision about a flow, made for its first packet ({@link #decide}) and again after a change
 * ({@link #decideAgain}). It reads the tables, the state and the flow's key and changes nothing: {@code flow-create} and {@link FlowRevalidator} carry it out.
 *
 * <p>Steps, in order: may this ingress send from this source ({@link SourceCheck}); from the underlay only to the node itself; no pod speaks to tunnel endpoints; a Service's
 * backend instead of its address; where it leaves ({@link EgressResolver}); which source the packets get.
 *
 * <p>A verdict is returned, what goes with it is in fields, valid until the next decision. Thread: one worker, or the conductor with a {@link BatchContext} of its
 * own. Allocation: none.
 */
public final class FlowDecision {
    /** Verdict: make a flow that leaves by {@link #egress}. */
    public static final int FORWARD = 0;
    /** Verdict: as {@link #FORWARD}, once {@link #nextHop} is resolved; there is no link-layer address for it yet. */
    public static final int HOLD = 1;
    /** Verdict: forward the packet by {@link #egress} as it is, without a flow. */
    public static final int FORWARD_STATELESS = 2;
    /** Verdict: an ICMP echo request is answered by the gateway; any other packet is refused. */
    public static final int ECHO = 3;
    /** Verdict: no, for {@link #refusal}; the sender is told {@link #answer}. */
    public static final int REFUSE = 4;

    /** Translation of the source: none. */
    public static final int NO_SNAT = 0;
    /** Translation of the source: to the gateway's address, because the packet goes back to where it came from (hairpin) and would be answered past us. */
    public static final int SNAT_TO_GATEWAY = 1;
    /** Translation of the source: to the node's address and a port of its own. */
    public static final int MASQUERADE = 2;

    private final BatchContext context;
    private final EgressResolver resolver;

    private int ingress;
    private long k0;
    private long k1;
    private boolean opening;

    private long backend;
    private int snat;
    private DropReason refusal;
    private int answer;

    public FlowDecision(BatchContext context) {
        this.context = context;
        resolver = new EgressResolver(context);
    }

    // -- outputs -----------------------------------------------------------------------------------------------------

    /**
     * An {@link Egress}. Of a flow to the outside also with {@link #HOLD} and {@link #REFUSE}: where it will leave, or {@link Egress#NO_ROUTE} as long as the kernel's
     * routes lead nowhere; {@link Egress#NONE} when they lead through another device, where Weft cannot follow.
     */
    public int egress() {
        return resolver.egress;
    }

    /** An {@link Ingress}. */
    public int replyIngress() {
        return resolver.replyIngress;
    }

    /** An {@link Egress}; {@link Egress#NONE} when replies have no way now. */
    public int replyEgress() {
        return egressTo(context, ingress);
    }

    /** Whether it goes outside the cluster, and so follows the kernel's routes. */
    public boolean isOutside() {
        return resolver.outside;
    }

    /** Of a flow to the outside that is forwarded or held: who takes its packets on the underlay. */
    public int nextHop() {
        return resolver.nextHop;
    }

    /** Whether the destination is translated: from a Service's address to a backend's. */
    public boolean isToBackend() {
        return backend != Backend.NONE;
    }

    public int newDestination() {
        return isToBackend() ? Backend.ip(backend) : FlowKey.destination(k0);
    }

    public int newDestinationPort() {
        return isToBackend() ? Backend.port(backend) : FlowKey.destinationPort(k1);
    }

    /** One of {@link #NO_SNAT}, {@link #SNAT_TO_GATEWAY}, {@link #MASQUERADE}. */
    public int snat() {
        return snat;
    }

    public int newSource() {
        return switch (snat) {
            case MASQUERADE -> context.local4().address();
            case SNAT_TO_GATEWAY -> context.local4().gateway();
            default -> FlowKey.source(k0);
        };
    }

    /** Why not. */
    public DropReason refusal() {
        return refusal;
    }

    /** One of {@link Answer}. */
    public int answer() {
        return answer;
    }

    // -- entry points ------------------------------------------------------------------------------------------------

    /**
     * Decides about a flow's first packet, whose source is allowed ({@link SourceCheck}).
     *
     * @param from an {@link Ingress}
     * @param hash of the key, by which a backend is chosen
     * @param opens false for a TCP segment other than a SYN: it must not begin a flow that is translated
     * @param route of the destination, and
     * @param block of its Service ({@link #serviceBlock}): looked up before, for a whole batch
     * @return a verdict
     */
    public int decide(int from, long key0, long key1, int hash, boolean opens, long route, long block) {
        begin(from, key0, key1, opens);
        return decide(hash, route, block, Backend.NONE);
    }

    /**
     * Decides about a flow as if its first packet came now, except that it keeps its backend while that is one of its Service's.
     *
     * @param forward the flow's forward entry
     * @return a verdict
     */
    public int decideAgain(long forward) {
        if (!beginAgain(forward)) { return refuse(DropReason.SPOOFED_SOURCE, Answer.NO_ANSWER); }
        long route = context.tables().route4(FlowKey.destination(k0));
        return decide(FlowHash.hash(k0, k1), route, serviceBlock(context, route, k0, k1), backendOf(forward));
    }

    /**
     * Decides about a flow whose backend does not depend on its Service any more, nor on there being one.
     *
     * @param forward the flow's forward entry
     * @return a verdict
     */
    public int decideWithBackend(long forward) {
        if (!beginAgain(forward)) { return refuse(DropReason.SPOOFED_SOURCE, Answer.NO_ANSWER); }
        backend = backendOf(forward);
        return toDestination(context.tables().route4(newDestination()));
    }

    /** Whether a packet without a flow comes from the underlay and is for the node's own stack. */
    public boolean isForNode(int from, int destination) {
        return Ingress.isUnderlay(from) && isOfNode(context.tables().route4(destination), destination);
    }

    /** @return the block of the Service that a flow is for, or 0 */
    public static long serviceBlock(BatchContext context, long route, long k0, long k1) {
        return Route.kind(route) == Route.SERVICE
            ? context.tables().services().find(FlowKey.destination(k0), FlowKey.destinationPort(k1),
                FlowKey.protocol(k1))
            : 0;
    }

    /** @return the egress that leads back to where a frame came from, or {@link Egress#NONE} */
    public static int egressTo(BatchContext context, int ingress) {
        if (Ingress.isTunnel(ingress)) {
            int slot = context.state().adjacencies().slotOfPeer(Ingress.peer(ingress));
            return slot == Adjacencies.NONE ? Egress.NONE : Egress.TUNNEL | slot;
        }
        return switch (ingress) {
            case PortId.UPLINK -> Egress.NONE;
            case PortId.HOST -> Egress.PUNT;
            default -> Egress.PORT | ingress;
        };
    }

    // -- steps -------------------------------------------------------------------------------------------------------

    private void begin(int from, long key0, long key1, boolean opens) {
        ingress = from;
        k0 = key0;
        k1 = key1;
        opening = opens;
        backend = Backend.NONE;
        snat = NO_SNAT;
        resolver.begin();
    }

    /** @return whether the flow's source is allowed */
    private boolean beginAgain(long forward) {
        begin(FlowEntry.ingress(forward), FlowEntry.k0(forward), FlowEntry.k1(forward), true);
        return SourceCheck.isAllowed(context, ingress, FlowKey.source(k0));
    }

    private static long backendOf(long forward) {
        return (FlowEntry.flags(forward) & FlowEntry.SERVICE) == 0
            ? Backend.NONE
            : Backend.pack(FlowEntry.newDst(forward), FlowEntry.newDport(forward));
    }

    /** @param former the backend that the flow has, or {@link Backend#NONE} */
    private int decide(int hash, long route, long block, long former) {
        int kind = Route.kind(route);
        if (isForgedTunnel(kind)) { return refuse(DropReason.ENCAP_FROM_POD, Answer.NO_ANSWER); }
        if (kind == Route.SERVICE) { return toService(hash, block, former); }
        if (Ingress.isUnderlay(ingress)) { return fromUnderlay(route); }
        return kind == Route.GATEWAY ? toGateway() : toDestination(route);
    }

    /** A pod that speaks to a tunnel endpoint would be heard as a node. */
    private boolean isForgedTunnel(int kind) {
        if (ingress == PortId.HOST || Ingress.isUnderlay(ingress) || FlowKey.protocol(k1) != IpProtocol.IPPROTO_UDP
            || FlowKey.destinationPort(k1) != context.local().overlayPort()) {
            return false;
        }
        int destination = FlowKey.destination(k0);
        return kind == Route.PEER_NODE || context.isOwnAddress(destination)
            || context.tables().peerByEndpoint(destination) >= 0;
    }

    private int toService(int hash, long block, long former) {
        if (!isServedToIngress()) { return refuse(DropReason.CLUSTERIP_FROM_OUTSIDE, Answer.NO_ANSWER); }
        if (!SnatPorts.supports(FlowKey.protocol(k1))) {
            return refuse(DropReason.UNSUPPORTED_PROTOCOL, Answer.PROTOCOL_UNREACHABLE);
        }
        if (block == 0) {
            boolean known = context.tables().services().isServiceAddress(FlowKey.destination(k0));
            return refuse(known ? DropReason.SERVICE_NO_PORT : DropReason.SERVICE_UNKNOWN_ADDRESS, Answer.REFUSE);
        }
        if (ServiceTable.backendCount(block) == 0) { return refuse(DropReason.SERVICE_NO_ENDPOINTS, Answer.REFUSE); }
        if (!opening) { return refuse(DropReason.NO_FLOW, Answer.REFUSE); }
        backend = former != Backend.NONE && ServiceTable.hasBackend(block, Backend.ip(former), Backend.port(former))
            ? former
            : ServiceTable.choose(block, hash);
        return toDestination(context.tables().route4(Backend.ip(backend)));
    }

    /** A ClusterIP is for pods of this node and for the node itself. */
    private boolean isServedToIngress() {
        return !Ingress.isTunnel(ingress) && !Ingress.isUnderlay(ingress);
    }

    /** Nothing outside reaches a pod directly; the node's own packets, taken in error, are handed to it. */
    private int fromUnderlay(long route) {
        if (!isOfNode(route, FlowKey.destination(k0))) {
            return refuse(DropReason.NO_DIRECT_POD_ACCESS, Answer.NO_ANSWER);
        }
        resolver.egress = Egress.PUNT;
        return FORWARD_STATELESS;
    }

    /** What is not the cluster's is the node's business too, but not the first address of its pod CIDR, which only pods know. */
    private boolean isOfNode(long route, int destination) {
        return switch (Route.kind(route)) {
            case Route.NONE -> true;
            case Route.LOCAL_NODE -> destination != context.local4().base();
            default -> false;
        };
    }

    private int toGateway() {
        refuse(DropReason.GATEWAY_NO_SERVICE, Answer.REFUSE);
        return FlowKey.protocol(k1) == IpProtocol.IPPROTO_ICMP ? ECHO : REFUSE;
    }

    /** @param route of {@link #newDestination} */
    private int toDestination(long route) {
        int verdict = resolver.resolve(ingress, route, newDestination());
        if (verdict != FORWARD) {
            refusal = resolver.refusal;
            answer = resolver.answer;
        }
        if (resolver.outside) { return toOutside(verdict); }
        snat = verdict == FORWARD && isToBackend() && resolver.replyIngress == ingress ? SNAT_TO_GATEWAY : NO_SNAT;
        return verdict;
    }

    private int toOutside(int verdict) {
        if (!context.local().masquerade()) { return verdict; }
        snat = MASQUERADE;
        if (verdict != FORWARD) { return verdict; }
        if (!SnatPorts.supports(FlowKey.protocol(k1))) {
            return refuse(DropReason.UNSUPPORTED_PROTOCOL, Answer.NO_ANSWER);
        }
        return opening ? FORWARD : refuse(DropReason.NO_FLOW, Answer.REFUSE);
    }

    private int refuse(DropReason reason, int kindOfAnswer) {
        refusal = reason;
        answer = kindOfAnswer;
        return REFUSE;
    }
}
