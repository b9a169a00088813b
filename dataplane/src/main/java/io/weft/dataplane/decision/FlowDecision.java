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
 * Decides about a flow: whether it is allowed, where it leaves, and how it is translated. {@link #decide} does so for its first packet,
 * {@link #decideAgain} after a change. The decision reads the tables, the state and the flow's key and changes nothing; {@code flow-create}
 * and {@link FlowRevalidator} carry it out.
 *
 * <p>The steps, in order: check the source ({@link SourceCheck}); refuse packets to tunnel endpoints from pods; replace a Service's address
 * by a backend; accept packets from the underlay only if they are for the node itself; find the egress ({@link EgressResolver}); choose the
 * source translation.
 *
 * <p>The verdict is returned; other results are in fields and valid until the next decision. Thread: one worker, or the conductor with a
 * {@link BatchContext} of its own. Allocation: none.
 */
public final class FlowDecision {
    /** Verdict: create a flow that leaves through {@link #egress}. */
    public static final int FORWARD = 0;
    /** Verdict: like {@link #FORWARD}, once {@link #nextHop} is resolved; its link-layer address is not known yet. */
    public static final int HOLD = 1;
    /** Verdict: forward the packet to {@link #egress} unchanged, without a flow. */
    public static final int FORWARD_STATELESS = 2;
    /** Verdict: the gateway answers an ICMP echo request; any other packet is refused. */
    public static final int ECHO = 3;
    /** Verdict: drop the packet under {@link #refusal}; its sender gets {@link #answer}. */
    public static final int REFUSE = 4;

    /** Source translation: none. */
    public static final int NO_SNAT = 0;
    /**
     * Source translation to the gateway's address. It is needed if the packet returns to the port it came from (hairpin), because its reply
     * would otherwise bypass Weft.
     */
    public static final int SNAT_TO_GATEWAY = 1;
    /** Source translation to the node's address and a port of its own. */
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
     * An {@link Egress}. For a flow to the outside it is also set for {@link #HOLD} and {@link #REFUSE}: it is where the flow will leave,
     * or {@link Egress#NO_ROUTE} while the kernel has no route, or {@link Egress#NONE} if the route leads through another device, which
     * Weft does not use.
     */
    public int egress() {
        return resolver.egress;
    }

    /** An {@link Ingress}. */
    public int replyIngress() {
        return resolver.replyIngress;
    }

    /** An {@link Egress}; {@link Egress#NONE} if there is currently none for replies. */
    public int replyEgress() {
        return egressTo(context, ingress);
    }

    /** Whether the destination is outside the cluster, so that the flow follows the kernel's routes. */
    public boolean isOutside() {
        return resolver.outside;
    }

    /** For a flow to the outside that is forwarded or held: address of the next hop on the underlay. */
    public int nextHop() {
        return resolver.nextHop;
    }

    /** Whether the destination is translated from a Service's address to a backend's. */
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

    /** The drop reason of {@link #REFUSE}. */
    public DropReason refusal() {
        return refusal;
    }

    /** One of {@link Answer}. */
    public int answer() {
        return answer;
    }

    // -- entry points ------------------------------------------------------------------------------------------------

    /**
     * Decides about a flow's first packet. The caller has checked its source ({@link SourceCheck}).
     *
     * @param from an {@link Ingress}
     * @param hash of the key; chooses a backend
     * @param opens false for a TCP segment other than a SYN, which must not start a translated flow
     * @param route of the destination, which the caller looked up for a whole batch
     * @param block of the destination's Service ({@link #serviceBlock}), looked up in the same way
     * @return a verdict
     */
    public int decide(int from, long key0, long key1, int hash, boolean opens, long route, long block) {
        begin(from, key0, key1, opens);
        return decide(hash, route, block, Backend.NONE);
    }

    /**
     * Decides about a flow as if its first packet arrived now, except that the flow keeps its backend while the Service has that backend.
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
     * Decides about a flow that keeps its backend even if the Service no longer has that backend or no longer exists.
     *
     * @param forward the flow's forward entry
     * @return a verdict
     */
    public int decideWithBackend(long forward) {
        if (!beginAgain(forward)) { return refuse(DropReason.SPOOFED_SOURCE, Answer.NO_ANSWER); }
        backend = backendOf(forward);
        return toDestination(context.tables().route4(newDestination()));
    }

    /** Whether a packet without a flow came from the underlay and is addressed to the node itself. */
    public boolean isForNode(int from, int destination) {
        return Ingress.isUnderlay(from) && isOfNode(context.tables().route4(destination), destination);
    }

    /** @return the block of the Service that the flow is addressed to, or 0 */
    public static long serviceBlock(BatchContext context, long route, long k0, long k1) {
        return Route.kind(route) == Route.SERVICE
            ? context.tables().services().find(FlowKey.destination(k0), FlowKey.destinationPort(k1),
                FlowKey.protocol(k1))
            : 0;
    }

    /** @return the egress that leads back to a frame's ingress, or {@link Egress#NONE} */
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

    /** @param former the flow's present backend, or {@link Backend#NONE} */
    private int decide(int hash, long route, long block, long former) {
        int kind = Route.kind(route);
        if (isForgedTunnel(kind)) { return refuse(DropReason.ENCAP_FROM_POD, Answer.NO_ANSWER); }
        if (kind == Route.SERVICE) { return toService(hash, block, former); }
        if (Ingress.isUnderlay(ingress)) { return fromUnderlay(route); }
        return kind == Route.GATEWAY ? toGateway() : toDestination(route);
    }

    /** Whether a pod sends to a tunnel endpoint: its packet would pass for that of a node. */
    private boolean isForgedTunnel(int kind) {
        if (ingress == PortId.HOST || Ingress.isUnderlay(ingress)
            || !context.local().overlay().carries(FlowKey.protocol(k1), FlowKey.destinationPort(k1))) {
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
            boolean known = context.tables().services().isClusterIp(FlowKey.destination(k0));
            return refuse(known ? DropReason.SERVICE_NO_PORT : DropReason.SERVICE_UNKNOWN_ADDRESS, Answer.REFUSE);
        }
        if (!ServiceTable.hasBackends(block)) { return refuse(DropReason.SERVICE_NO_ENDPOINTS, Answer.REFUSE); }
        if (!opening) { return refuse(DropReason.NO_FLOW, Answer.REFUSE); }
        backend = former != Backend.NONE
            && ServiceTable.backend(block, Backend.ip(former), Backend.port(former)) != Backend.NONE
                ? former
                : ServiceTable.choose(block, hash);
        return toDestination(context.tables().route4(Backend.ip(backend)));
    }

    /** A ClusterIP is reachable from this node's pods and from the node itself. */
    private boolean isServedToIngress() {
        return !Ingress.isTunnel(ingress) && !Ingress.isUnderlay(ingress);
    }

    /**
     * Packets from outside must not reach a pod directly. Packets to the node itself that the XDP program redirected to Weft are passed to
     * its stack.
     */
    private int fromUnderlay(long route) {
        if (!isOfNode(route, FlowKey.destination(k0))) {
            return refuse(DropReason.NO_DIRECT_POD_ACCESS, Answer.NO_ANSWER);
        }
        resolver.egress = Egress.PUNT;
        return FORWARD_STATELESS;
    }

    /**
     * Whether the node's stack owns the address: it is outside the cluster, or the node's own. The first address of the pod CIDR does not
     * count, because only pods use it.
     */
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
