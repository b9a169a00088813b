package io.weft.vmlab;

import io.weft.vmlab.ServiceCase.Client;
import io.weft.vmlab.ServiceCase.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** What Weft and kube-proxy did with the same Services: the table, and which differences are meant. */
final class ServiceDifferences {
    /**
     * A difference that is meant.
     *
     * @param applies where it may occur
     * @param why in the document
     */
    private record Explanation(Predicate<ServiceCase> applies, String why) {
    }

    private static final List<Explanation> EXPLANATIONS = List.of(
        new Explanation(asked -> asked.client() == Client.NODE && asked.udp(),
            """
                A process of the node that sends a datagram which kube-proxy's rules reject or drop gets EPERM from its own kernel. With Weft it gets
                what every other client gets: port unreachable, or nothing."""));

    private final List<ServiceCase> cases;
    private final Map<ServiceCase, Set<String>> weft;
    private final Map<ServiceCase, Set<String>> linux;
    private final Map<ServiceCase, Integer> explained = new LinkedHashMap<>();
    private final List<ServiceCase> unexplained = new ArrayList<>();

    private ServiceDifferences(List<ServiceCase> cases, Map<ServiceCase, Set<String>> weft,
        Map<ServiceCase, Set<String>> linux) {
        this.cases = cases;
        this.weft = weft;
        this.linux = linux;
    }

    /** @param cases all with results, in the order of the table */
    static ServiceDifferences of(List<ServiceCase> cases, Map<ServiceCase, Set<String>> weft,
        Map<ServiceCase, Set<String>> linux) {
        ServiceDifferences differences = new ServiceDifferences(cases, weft, linux);
        for (ServiceCase asked : cases) {
            if (!weft.get(asked).equals(linux.get(asked))) {
                differences.explain(asked);
            }
        }
        return differences;
    }

    private void explain(ServiceCase asked) {
        for (int i = 0; i < EXPLANATIONS.size(); i++) {
            if (EXPLANATIONS.get(i).applies.test(asked)) {
                explained.put(asked, i + 1);
                return;
            }
        }
        unexplained.add(asked);
    }

    /** One line for each difference that is not meant; empty if there is none. */
    String unexplained() {
        StringBuilder text = new StringBuilder();
        for (ServiceCase asked : unexplained) {
            text.append("%s: Weft %s, kube-proxy %s%n".formatted(asked, weft.get(asked), linux.get(asked)));
        }
        return text.toString();
    }

    /** The table in Markdown. */
    String document() {
        StringBuilder text = new StringBuilder(
            """
                # Services beside kube-proxy

                What clients of a Service get from a node with Weft and from a node with kube-proxy (nftables), in one cluster and one run. "Here" is an
                endpoint on the node that balances, "elsewhere" one on another node; "source" is the address that the endpoint sees: the client's own,
                or one of the node's. Written by `KubernetesServicesIT`.

                """);
        text.append("%d cases, %d the same%s.%n%n".formatted(cases.size(),
            cases.size() - explained.size() - unexplained.size(), unexplained.isEmpty()
                ? "" : ", " + unexplained.size() + " different without a reason"));
        for (int i = 0; i < EXPLANATIONS.size(); i++) {
            text.append("%d. %s%n".formatted(i + 1, EXPLANATIONS.get(i).why));
        }
        for (Kind kind : Kind.values()) {
            text.append(
                "%n## %s%n%n| policy | endpoints | client | protocol | Weft | kube-proxy | |%n".formatted(kind.text))
                .append("|---|---|---|---|---|---|---|\n");
            cases.stream().filter(asked -> asked.kind() == kind).forEach(asked -> append(text, asked));
        }
        return text.toString();
    }

    private void append(StringBuilder text, ServiceCase asked) {
        boolean same = weft.get(asked).equals(linux.get(asked));
        String mark = explained.containsKey(asked) ? "see " + explained.get(asked) : "**different**";
        text.append("| %s | %s | %s | %s | %s | %s | %s |%n".formatted(asked.policy().text, asked.state().text,
            asked.client().text, asked.udp() ? "UDP" : "TCP", String.join(", ", weft.get(asked)),
            same ? "same" : String.join(", ", linux.get(asked)), same ? "" : mark));
    }
}
