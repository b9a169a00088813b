package io.weft.dataplane.decision;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.service.AffinityTable;
import io.weft.lb.service.Backend;
import io.weft.lb.service.FrontendKind;
import io.weft.lb.service.ServiceTable;

/**
 * The step of {@link FlowDecision} that chooses a Service's backend for a new flow, and says whether the flow's source must be masqueraded,
 * as kube-proxy does (docs/adr/0013). Which address the source becomes depends on the egress, which a later step finds.
 *
 * <p>Two questions decide: which policy applies, and who asks. Insiders are the pods of this node ({@code ServiceRules.localPods}) and the
 * node itself.
 *
 * <pre>
 *                                     backends           masqueraded
 *   ClusterIP, policy Cluster         all                unless from a pod of this node
 *   ClusterIP, policy Local           of this node       unless from a pod of this node
 *   external, policy Cluster          all                always
 *   external, policy Local, insider   all                unless from a pod of this node
 *   external, policy Local, others    of this node       never
 *   hostPort                          its one            only from 127/8
 * </pre>
 *
 * <p>The results are in fields, because there are several and they must not be allocated. Thread: that of the {@link BatchContext}.
 */
final class ServiceDecision {
    private final BatchContext context;

    /** A packed {@link Backend}; {@link Backend#NONE} if the flow is refused. */
    long backend;
    /** Whether the source must become an address of this node. */
    boolean masquerade;
    DropReason refusal;
    /** One of {@link Answer}. */
    int answer;

    ServiceDecision(BatchContext context) {
        this.context = context;
    }

    /**
     * @param ingress an {@code Ingress}
     * @param opening false for a TCP segment that must not start a flow
     * @param choice chooses among the backends: {@link Frontends#choice}
     * @return whether there is a backend; else {@link #refusal} and {@link #answer} are set
     */
    boolean decide(long block, int ingress, int source, int protocol, boolean opening, int choice) {
        backend = Backend.NONE;
        masquerade = false;
        if (!isSupported(protocol)) { return refuse(DropReason.UNSUPPORTED_PROTOCOL, Answer.PROTOCOL_UNREACHABLE); }
        if (!ServiceTable.isAllowed(block, source)) {
            return refuse(DropReason.SERVICE_SOURCE_RANGE, Answer.NO_ANSWER);
        }
        if (ServiceTable.isPaused(block)) { return refuse(DropReason.SERVICE_PAUSED, Answer.REFUSE); }
        if (!ServiceTable.hasBackends(block)) { return refuse(DropReason.SERVICE_NO_ENDPOINTS, Answer.REFUSE); }
        boolean ofNode = ingress == PortId.HOST;
        boolean localPod = !ofNode && context.local4().isLocalPod(source);
        boolean external = isExternal(ServiceTable.kind(block));
        boolean local = ServiceTable.isPolicyLocal(block) && !(external && (ofNode || localPod));
        backend = choose(block, source, local, choice);
        if (backend == Backend.NONE) {
            return local
                ? refuse(DropReason.SERVICE_NO_LOCAL_ENDPOINT, Answer.NO_ANSWER)
                : refuse(DropReason.SERVICE_NO_ENDPOINTS, Answer.REFUSE);
        }
        if (!opening) {
            backend = Backend.NONE;
            return refuse(DropReason.NO_FLOW, Answer.REFUSE);
        }
        masquerade = switch (ServiceTable.kind(block)) {
            case FrontendKind.CLUSTER_IP -> isClusterIpMasqueraded(localPod);
            case FrontendKind.HOST_PORT -> Ipv4Address.isLoopback(source);
            default -> !ServiceTable.isPolicyLocal(block) || ofNode;
        };
        return true;
    }

    /** Whether Services of this protocol are translated. */
    static boolean isSupported(int protocol) {
        return protocol == IpProtocol.IPPROTO_TCP || protocol == IpProtocol.IPPROTO_UDP;
    }

    private static boolean isExternal(int kind) {
        return kind == FrontendKind.NODE_PORT || kind == FrontendKind.LOAD_BALANCER || kind == FrontendKind.EXTERNAL_IP;
    }

    /** A client with affinity keeps its backend while that is one of those that new flows get. After its time it may get any, as with kube-proxy. */
    private long choose(long block, int source, boolean local, int choice) {
        int timeout = ServiceTable.affinitySeconds(block);
        if (timeout == 0) { return anyOf(block, local, choice); }
        long kept = context.state().affinities()
            .find(ServiceTable.affinityId(block), source, timeout, context.nowSeconds());
        if (kept == Backend.NONE) { return anyOf(block, local, choice); }
        if (kept == AffinityTable.EXPIRED) {
            return anyOf(block, local, FlowHash.hash(choice, context.nowSeconds())); // random, as nobody chose the second
        }
        long now = ServiceTable.backend(block, Backend.ip(kept), Backend.port(kept));
        boolean usable = (Backend.flags(now) & (local ? Backend.LOCAL_SET : Backend.CLUSTER_SET)) != 0;
        return usable ? now : anyOf(block, local, choice);
    }

    private static long anyOf(long block, boolean local, int choice) {
        return local ? ServiceTable.chooseLocal(block, choice) : ServiceTable.choose(block, choice);
    }

    private boolean isClusterIpMasqueraded(boolean localPod) {
        return context.local4().masqueradesAll() || context.local4().knowsLocalPods() && !localPod;
    }

    private boolean refuse(DropReason reason, int kindOfAnswer) {
        refusal = reason;
        answer = kindOfAnswer;
        return false;
    }
}
