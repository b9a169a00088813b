package io.weft.dataplane.decision;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.hash.FlowHash;
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
 * <p>The steps, in order: check the source ({@link SourceCheck}); replace a Service's address by a backend ({@link Frontends},
 * {@link ServiceDecision}); otherwise refuse packets to tunnel endpoints from pods, and accept packets from the underlay only if they are
 * for the node itself ({@link DirectDecision}); find the egress ({@link EgressResolver}) and, for a client on the underlay, that of the replies; choose the source
 * translation.
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
     * Source translation to the gateway's address, for a backend on this node, pod or process: whoever asked, its reply goes to Weft. Also
     * needed if the packet returns to the port it came from (hairpin).
     */
    public static final int SNAT_TO_GATEWAY = 1;
    /** Source translation to the node's address and a port of the pool, for a destination outside the cluster. */
    public static final int MASQUERADE = 2;
    /** Source translation to the first address of the pod CIDR, for a backend behind the tunnel: its node sends the reply back here. */
    public static final int SNAT_TO_BASE = 3;

    private final BatchContext context;
    private final EgressResolver resolver;
    private final ServiceDecision service;
    private final DirectDecision direct;

    private int ingress;
    private long k0;
    private long k1;
    private boolean opening;

    private long backend;
    private long affinityBlock;
    private boolean masquerade;
    private int snat;
    private int replyVerdict;
    private DropReason refusal;
    private int answer;

    public FlowDecision(BatchContext context) {
        this.context = context;
        resolver = new EgressResolver(context);
        service = new ServiceDecision(context);
        direct = new DirectDecision(context);
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

    /**
     * An {@link Egress}; {@link Egress#NONE} if there is currently none for replies. Of a flow from the underlay it is also set for
     * {@link #HOLD}, as {@link #egress} is of a flow to the outside.
     */
    public int replyEgress() {
        return Ingress.isUnderlay(ingress) ? resolver.replyEgress : egressTo(context, ingress);
    }

    /** For a flow from the underlay: {@link #FORWARD}, {@link #HOLD} until {@link #replyHop} is resolved, or {@link #REFUSE}. */
    public int replyVerdict() {
        return replyVerdict;
    }

    /** For a flow from the underlay: the next hop of its replies; 0 for any other flow. */
    public int replyHop() {
        return Ingress.isUnderlay(ingress) ? resolver.replyHop : 0;
    }

    /** Whether the destination is outside the cluster, so that the flow follows the kernel's routes. */
    public boolean isOutside() {
        return resolver.outside;
    }

    /** For a flow to the outside that is forwarded or held: address of the next hop on the underlay. Otherwise 0. */
    public int nextHop() {
        return resolver.outside ? resolver.nextHop : 0;
    }

    /** For {@link #HOLD}: the next hop that has to be resolved. */
    public int unresolvedHop() {
        return replyVerdict == HOLD ? resolver.replyHop : resolver.nextHop;
    }

    /** Whether the destination is translated from a Service's address to a backend's. */
    public boolean isToBackend() {
        return backend != Backend.NONE;
    }

    /** The frontend's block if the client must keep the backend for its next flows ({@code AffinityTable}), else 0. */
    public long affinityBlock() {
        return affinityBlock;
    }

    /** A packed {@link Backend}, or {@link Backend#NONE}. */
    public long backend() {
        return backend;
    }

    public int newDestination() {
        return isToBackend() ? Backend.ip(backend) : FlowKey.destination(k0);
    }

    public int newDestinationPort() {
        return isToBackend() ? Backend.port(backend) : FlowKey.destinationPort(k1);
    }

    /** One of {@link #NO_SNAT}, {@link #SNAT_TO_GATEWAY}, {@link #MASQUERADE}, {@link #SNAT_TO_BASE}. */
    public int snat() {
        return snat;
    }

    public int newSource() {
        return switch (snat) {
            case MASQUERADE -> context.local4().address();
            case SNAT_TO_GATEWAY -> context.local4().gateway();
            case SNAT_TO_BASE -> context.local4().base();
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
     * @param choice chooses a backend ({@link Frontends#choice})
     * @param opens false for a TCP segment other than a SYN, which must not start a translated flow
     * @param route of the destination, which the caller looked up for a whole batch
     * @param block of the frontend ({@link Frontends#find}), looked up in the same way
     * @return a verdict
     */
    public int decide(int from, long key0, long key1, int choice, boolean opens, long route, long block) {
        begin(from, key0, key1, opens);
        int verdict = block == 0 || isAnswerWithinNode() ? withoutFrontend(route) : toFrontend(block, choice);
        return verdict == FORWARD && replyVerdict != FORWARD ? replyVerdict : verdict;
    }

    /**
     * Decides about a flow as if its first packet arrived now, except that the flow keeps its backend and its translation while the
     * endpoint serves, whatever the Service's policies, hints and source ranges have become. It does not wait for {@link #replyHop}.
     *
     * @param forward the flow's forward entry
     * @return a verdict
     */
    public int decideAgain(long forward) {
        if (!beginAgain(forward)) { return refuse(DropReason.SPOOFED_SOURCE, Answer.NO_ANSWER); }
        long block = Frontends.find(context, ingress, k0, k1);
        long former = backendOf(forward);
        if (block == 0) { return withoutFrontend(context.tables().route4(FlowKey.destination(k0))); }
        if (former == Backend.NONE) { return toFrontend(block, FlowHash.hash(k0, k1)); }
        long now = ServiceTable.backend(block, Backend.ip(former), Backend.port(former));
        if ((Backend.flags(now) & Backend.SERVING) == 0) {
            return refuse(DropReason.SERVICE_NO_ENDPOINTS, Answer.REFUSE);
        }
        return toFormer(forward, former);
    }

    /**
     * Decides about a flow that keeps its backend even if the Service no longer has that backend or no longer exists. Does not wait for
     * {@link #replyHop}.
     *
     * @param forward the flow's forward entry
     * @return a verdict
     */
    public int decideWithBackend(long forward) {
        if (!beginAgain(forward)) { return refuse(DropReason.SPOOFED_SOURCE, Answer.NO_ANSWER); }
        return toFormer(forward, backendOf(forward));
    }

    /** Whether a packet without a flow came from the underlay and is addressed to the node itself. */
    public boolean isForNode(int from, int destination) {
        return Ingress.isUnderlay(from) && direct.isOfNode(context.tables().route4(destination), destination);
    }

    /** @return the egress that leads back to a frame's ingress, or {@link Egress#NONE}, also for the underlay */
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
        affinityBlock = 0;
        masquerade = false;
        snat = NO_SNAT;
        replyVerdict = FORWARD;
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

    /** To an address and port that no Service has. */
    private int withoutFrontend(long route) {
        int verdict = direct.decide(ingress, k0, k1, route);
        return switch (verdict) {
            case DirectDecision.TO_DESTINATION -> toDestination(route);
            case REFUSE -> refuseClient(direct.refusal, direct.answer);
            case ECHO -> {
                refuse(direct.refusal, direct.answer);
                yield ECHO;
            }
            default -> {
                resolver.egress = Egress.PUNT;
                yield verdict;
            }
        };
    }

    private int toFrontend(long block, int choice) {
        if (!service.decide(block, ingress, FlowKey.source(k0), FlowKey.protocol(k1), opening, choice)) {
            return refuseClient(service.refusal, service.answer);
        }
        backend = service.backend;
        affinityBlock = ServiceTable.affinitySeconds(block) == 0 ? 0 : block;
        masquerade = service.masquerade;
        return toDestination(context.tables().route4(Backend.ip(backend)));
    }

    /** @param former the backend of the flow's entry, or {@link Backend#NONE} */
    private int toFormer(long forward, long former) {
        backend = former;
        masquerade = isToBackend() && FlowEntry.newSrc(forward) != FlowKey.source(k0);
        return toDestination(context.tables().route4(newDestination()));
    }

    /** Refuses a packet. A client on the underlay gets the answer as soon as the way to it is known. */
    private int refuseClient(DropReason reason, int kindOfAnswer) {
        boolean resolve = Ingress.isUnderlay(ingress) && kindOfAnswer != Answer.NO_ANSWER;
        replyVerdict = resolve ? resolver.resolveReply(FlowKey.source(k0)) : FORWARD;
        return replyVerdict == HOLD ? HOLD : refuse(reason, kindOfAnswer);
    }

    /**
     * Whether a process of the node answers another one, whose own port is a frontend's: policy routing chooses by the destination port
     * alone.
     */
    private boolean isAnswerWithinNode() {
        return !opening && SourceCheck.isWithinNode(context, ingress, FlowKey.destination(k0));
    }

    /** @param route of {@link #newDestination} */
    private int toDestination(long route) {
        int verdict = resolver.resolve(ingress, route, newDestination(), isToBackend());
        if (verdict != FORWARD) {
            refusal = resolver.refusal;
            answer = resolver.answer;
        } else if (Ingress.isUnderlay(ingress)) {
            resolveReply();
        }
        if (resolver.outside) { return toOutside(verdict); }
        snat = verdict == FORWARD && isToBackend()
            ? SourceTranslation.choose(context, resolver, ingress, FlowKey.source(k0), newDestination(), masquerade)
            : NO_SNAT;
        if (resolver.egress == Egress.PUNT && isToBackend()
            && SourceTranslation.isMarked(context, ingress, FlowKey.source(k0))) {
            resolver.egress = Egress.PUNT_MARKED;
        }
        return verdict;
    }

    private void resolveReply() {
        replyVerdict = resolver.resolveReply(FlowKey.source(k0));
        if (replyVerdict != FORWARD) {
            refusal = resolver.refusal;
            answer = Answer.NO_ANSWER; // the client that would get it is the one that cannot be reached
        }
    }

    private int toOutside(int verdict) {
        boolean fromElsewhere = Ingress.isTunnel(ingress) || Ingress.isUnderlay(ingress);
        if (!context.local().masquerade() && !(isToBackend() && (masquerade || fromElsewhere))) { return verdict; }
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
