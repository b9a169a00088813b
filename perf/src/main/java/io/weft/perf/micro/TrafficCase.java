package io.weft.perf.micro;

import io.weft.encap.packet.IpProtocol;
import java.util.List;
import java.util.stream.Stream;

/** The traffic cases: which packet path the frames of a benchmark take through the graph. */
public enum TrafficCase {
    /** Between pods of this node. */
    POD_POD("pod-pod", Target.LOCAL_PODS, false),
    /** To pods of other nodes, through the tunnel. */
    POD_REMOTE("pod-remote", Target.REMOTE_PODS, false),
    /** From pods of other nodes, out of the tunnel. */
    REMOTE_POD("remote-pod", Target.REMOTE_PODS, true),
    /** To a ClusterIP whose backends are on other nodes, as in the C reference. */
    CLUSTERIP("pod-clusterip-vxlan", Target.ONE_SERVICE, false),
    CLUSTERIP_TCP("pod-clusterip-vxlan-tcp", Target.ONE_SERVICE, false),
    /** Flows spread over 10,000 ClusterIPs. */
    CLUSTERIP_10K("pod-clusterip-vxlan-10k-services", Target.MANY_SERVICES, false),
    /** The backends' replies: out of the tunnel, back to the ClusterIP's address, to the pod. */
    CLUSTERIP_REPLY("clusterip-reply", Target.ONE_SERVICE, true),
    /** From clients outside to a NodePort whose backends are on other nodes: destination and source are translated, into the tunnel. */
    NODEPORT("nodeport-request", Target.NODE_PORT, false),
    /** The backends' replies: out of the tunnel, translated back, to the router. */
    NODEPORT_REPLY("nodeport-reply", Target.NODE_PORT, true),
    /** To a ClusterIP, each frame the first of a flow; {@code flows} are made before the table is emptied. */
    FLOW_MISS("flow-miss", Target.ONE_SERVICE, false),
    FLOW_MISS_10K("flow-miss-10k-services", Target.MANY_SERVICES, false);

    /** With fewer flows the table would have to be emptied all the time. */
    static final int MIN_FLOWS_TO_MISS = 4096;

    /** Where pods of this node send: {@code count} addresses, {@code step} apart, that differ in their lower 16 bits. */
    enum Target {
        LOCAL_PODS(NodeSetup.FIRST_SERVER_IP, 1, NodeSetup.SERVERS, NodeSetup.BACKEND_PORT),
        REMOTE_PODS(NodeSetup.FIRST_BACKEND_IP, 256, NodeSetup.PEERS, NodeSetup.BACKEND_PORT),
        ONE_SERVICE(NodeSetup.FIRST_VIP, 0, 1, NodeSetup.SERVICE_PORT),
        MANY_SERVICES(NodeSetup.FIRST_VIP, 1, NodeSetup.MANY_SERVICES, NodeSetup.SERVICE_PORT),
        NODE_PORT(NodeSetup.NODE_IP, 0, 1, NodeSetup.NODE_PORT);

        final int first;
        final int step;
        final int count;
        final int port;

        Target(int first, int step, int count, int port) {
            this.first = first;
            this.step = step;
            this.count = count;
            this.port = port;
        }

        /** Spreads the flows evenly; without a division, because frames are written between measured batches. */
        int address(int flow) {
            long spread = flow * 0x9E37_79B1L & 0xFFFF_FFFFL;
            return first + step * (int) (spread * count >>> 32);
        }
    }

    private final String label;
    final Target target;
    final boolean fromTunnel;

    TrafficCase(String label, Target target, boolean fromTunnel) {
        this.label = label;
        this.target = target;
        this.fromTunnel = fromTunnel;
    }

    public String label() {
        return label;
    }

    /** @throws IllegalArgumentException names the existing cases */
    static TrafficCase of(String label) {
        return Stream.of(values()).filter(trafficCase -> trafficCase.label.equals(label)).findFirst().orElseThrow(
            () -> new IllegalArgumentException("no case \"" + label + "\": there are " + String.join(", ", labels())));
    }

    static List<String> labels() {
        return Stream.of(values()).map(TrafficCase::label).toList();
    }

    int protocol() {
        return this == CLUSTERIP_TCP ? IpProtocol.IPPROTO_TCP : IpProtocol.IPPROTO_UDP;
    }

    /** A case with the same cost of writing frames. */
    TrafficCase sameFrames() {
        if (fromTunnel) { return REMOTE_POD; }
        return this == CLUSTERIP_TCP ? CLUSTERIP_TCP : CLUSTERIP;
    }

    int services() {
        return target == Target.MANY_SERVICES ? NodeSetup.MANY_SERVICES : 1;
    }

    /** Whether the frames' destination is translated, or the source of a reply. */
    boolean isTranslated() {
        return target == Target.ONE_SERVICE || target == Target.MANY_SERVICES || target == Target.NODE_PORT;
    }

    /** Whether no frame finds a flow. */
    boolean isMiss() { return this == FLOW_MISS || this == FLOW_MISS_10K; }

    /** Whether the other end starts the flows of this case. */
    boolean isReply() {
        return this == CLUSTERIP_REPLY || this == NODEPORT_REPLY;
    }

    /** Whether the clients are outside the cluster. */
    boolean isOfOutside() { return target == Target.NODE_PORT; }

    /** Address of the pod or outside client of a flow. */
    int clientIp(int flow) {
        return isOfOutside() ? NodeSetup.FIRST_CLIENT_IP + Frames.pod(flow) : Frames.podIp(flow);
    }
}
