package io.weft.vmlab;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * One line of the table of Services: what a client asks for on the node under test.
 *
 * @param policy internalTrafficPolicy and externalTrafficPolicy of the Service
 */
record ServiceCase(Policy policy, State state, Kind kind, Client client, boolean udp) {
    private static final Set<State> FEW = Set.of(State.READY, State.NONE_HERE, State.EMPTY);

    enum Policy {
        CLUSTER("Cluster"),
        LOCAL("Local");

        final String text;

        Policy(String text) {
            this.text = text;
        }
    }

    /** The Service's endpoints: one on the node under test, two elsewhere. */
    enum State {
        READY("all ready"),
        NONE_HERE("ready elsewhere only"),
        ENDING_HERE("terminating here, ready elsewhere"),
        ENDING("all terminating"),
        UNREADY("none ready"),
        EMPTY("none");

        final String text;

        State(String text) {
            this.text = text;
        }

        /** Whether an endpoint serves, if only until it ends. */
        boolean hasServing() {
            return this != UNREADY && this != EMPTY;
        }
    }

    enum Kind {
        CLUSTER_IP("ClusterIP"),
        NODE_PORT("NodePort"),
        EXTERNAL_IP("external IP"),
        LOAD_BALANCER("load balancer's IP");

        final String text;

        Kind(String text) {
            this.text = text;
        }
    }

    /** Who asks, seen from the node under test. */
    enum Client {
        POD("pod here"),
        BACKEND("the endpoint here itself"),
        OTHER_POD("pod of another node"),
        NODE("the node itself"),
        OTHER_NODE("another node"),
        OUTSIDE("outside");

        final String text;

        Client(String text) {
            this.text = text;
        }

        /** Whether its packets to an address of that kind are balanced by the node under test, not by its own. */
        boolean asks(Kind kind) {
            return kind == Kind.NODE_PORT || this != OTHER_POD && this != OTHER_NODE;
        }
    }

    /** The cases that tell most in a short time. */
    static List<ServiceCase> few() {
        return all().stream().filter(each -> !each.udp && FEW.contains(each.state)).toList();
    }

    static List<ServiceCase> all() {
        List<ServiceCase> all = new ArrayList<>();
        for (Policy policy : Policy.values()) {
            for (State state : State.values()) {
                for (Kind kind : Kind.values()) {
                    for (Client client : Client.values()) {
                        if (client.asks(kind)) {
                            all.add(new ServiceCase(policy, state, kind, client, false));
                            all.add(new ServiceCase(policy, state, kind, client, true));
                        }
                    }
                }
            }
        }
        return all;
    }

    /** Name of its Service. */
    String service() {
        return service(policy, state);
    }

    static String service(Policy policy, State state) {
        return (policy.text + "-" + state.name().replace('_', '-')).toLowerCase(Locale.ROOT);
    }

    @Override
    public String toString() {
        return "%s | %s | %s | %s | %s".formatted(kind.text, policy.text, state.text, client.text,
            udp ? "UDP" : "TCP");
    }
}
