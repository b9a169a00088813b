package io.weft.dataplane.explain;

import io.weft.dataplane.decision.Answer;
import io.weft.dataplane.decision.FlowDecision;
import io.weft.dataplane.decision.Frontends;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.state.UnderlayRoutes;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.hash.FlowHash;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.service.Backend;
import io.weft.lb.service.ServiceSpec;
import io.weft.lb.service.ServiceTable;
import java.util.ArrayList;
import java.util.List;

/**
 * Asks {@link FlowDecision} about a packet without a flow, as {@code flow-create} does, and puts its results and the table entries behind them
 * into words. The decision changes nothing. Cold code.
 */
final class DecisionText {
    private final BatchContext context;
    private final FlowDecision decision;
    private final NodeNames names;
    private final List<String> lines = new ArrayList<>();

    DecisionText(BatchContext context, NodeNames names) {
        this.context = context;
        this.names = names;
        decision = new FlowDecision(context);
    }

    /**
     * @param ingress an {@link io.weft.dataplane.forwarding.Ingress}
     * @param chosen the backend that the graph has chosen, packed, or {@link Backend#NONE} if it has made no flow to one
     * @return the lines
     */
    List<String> describe(int ingress, long k0, long k1, boolean opens, long chosen) {
        lines.clear();
        int destination = FlowKey.destination(k0);
        long route = context.tables().route4(destination);
        long block = Frontends.find(context, ingress, k0, k1);
        int verdict = decide(ingress, k0, k1, opens, route, block, chosen);
        if (block != 0) {
            service(block, k0, k1);
        }
        if (decision.isToBackend()) {
            lines.add("backend " + names.endpoint(decision.newDestination(), decision.newDestinationPort()));
            route = context.tables().route4(decision.newDestination());
        }
        if (block == 0 || decision.isToBackend()) {
            lines.add("route " + names.route(route, decision.newDestination()));
        }
        if (decision.isOutside()) {
            lines.add("kernel's route: " + kernelRoute(decision.newDestination()));
        }
        verdict(verdict);
        return List.copyOf(lines);
    }

    /** Decides with other random numbers until the backend is the one that the graph has chosen. */
    private int decide(int ingress, long k0, long k1, boolean opens, long route, long block, long chosen) {
        int hash = FlowHash.hash(k0, k1);
        int verdict = 0;
        int tries = block == 0 || chosen == Backend.NONE ? 1 : 1 << 20;
        for (int random = 0; random < tries; random++) {
            int choice = block == 0 ? 0 : Frontends.choice(block, k0, hash, random * 0x9E37_79B9);
            verdict = decision.decide(ingress, k0, k1, choice, opens, route, block);
            if (!decision.isToBackend() || Backend.ip(decision.backend()) == Backend.ip(chosen)
                && Backend.port(decision.backend()) == Backend.port(chosen)) {
                return verdict;
            }
        }
        return verdict;
    }

    private void service(long block, long k0, long k1) {
        ServiceSpec spec = names.service(FlowKey.destination(k0), FlowKey.destinationPort(k1), FlowKey.protocol(k1))
            .orElse(null);
        if (spec == null) { return; }
        lines.add("service " + NodeNames.frontend(spec));
        lines.add(spec.backends().size() + " backends, of which "
            + spec.backends().stream().filter(backend -> backend.is(Backend.CLUSTER_SET)).count()
            + " for new flows; chosen "
            + (ServiceTable.affinitySeconds(block) != 0
                ? "by the client's address (affinity): a backend that the client had before is not seen here"
                : ServiceTable.isMaglev(block) ? "by Maglev from the flow"
                : "at random: another flow may get another"));
    }

    private String kernelRoute(int destination) {
        long hop = context.state().underlayRoutes().lookup(destination);
        if (hop >= 0) { return "by next hop " + Ipv4Address.format((int) hop) + " on the uplink"; }
        if (hop == UnderlayRoutes.OTHER_DEVICE) { return "through a device other than the uplink"; }
        if (hop == UnderlayRoutes.BLACKHOLE) { return "blackhole"; }
        if (hop == UnderlayRoutes.UNREACHABLE) { return "unreachable"; }
        return hop == UnderlayRoutes.PROHIBIT ? "prohibit" : "none";
    }

    private void verdict(int verdict) {
        switch (verdict) {
            case FlowDecision.FORWARD -> {
                sourceTranslation();
                lines.add("decision: forward by " + names.egress(decision.egress()));
                lines.add("replies: arrive from " + names.ingress(decision.replyIngress()) + ", leave by "
                    + (decision.replyEgress() == Egress.NONE ? "none" : names.egress(decision.replyEgress())));
            }
            case FlowDecision.HOLD -> lines.add("decision: hold until next hop "
                + Ipv4Address.format(decision.unresolvedHop()) + " is resolved, for 3 s at most");
            case FlowDecision.FORWARD_STATELESS -> lines
                .add("decision: forward without a flow to " + names.egress(decision.egress()));
            case FlowDecision.ECHO -> lines.add("decision: the gateway answers an echo request");
            default -> lines.add("decision: refuse as " + decision.refusal().label() + ", answer: "
                + answer(decision.answer()));
        }
    }

    private void sourceTranslation() {
        switch (decision.snat()) {
            case FlowDecision.MASQUERADE ->
                lines.add("source: masqueraded as " + Ipv4Address.format(decision.newSource())
                    + " with a port of snat.ports");
            case FlowDecision.SNAT_TO_GATEWAY, FlowDecision.SNAT_TO_BASE -> lines
                .add("source: becomes " + Ipv4Address.format(decision.newSource())
                    + ", so that the backend's replies come back here");
            default -> lines.add("source: unchanged");
        }
    }

    private static String answer(int answer) {
        return switch (answer) {
            case Answer.REFUSE -> "a reset to TCP, port unreachable to others";
            case Answer.TIME_EXCEEDED -> "time exceeded";
            case Answer.FRAGMENTATION_NEEDED -> "fragmentation needed";
            case Answer.HOST_UNREACHABLE -> "host unreachable";
            case Answer.NET_UNREACHABLE -> "net unreachable";
            case Answer.ADMIN_PROHIBITED -> "administratively prohibited";
            case Answer.PROTOCOL_UNREACHABLE -> "protocol unreachable";
            default -> "none";
        };
    }
}
