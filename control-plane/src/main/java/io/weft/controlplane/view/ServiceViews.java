package io.weft.controlplane.view;

import io.weft.dataplane.table.TablesReader;
import io.weft.encap.address.IpPrefix;
import io.weft.lb.service.Backend;
import io.weft.lb.service.FrontendKind;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** {@code weft show services} and {@code backends}. */
public final class ServiceViews {
    private ServiceViews() {
    }

    static Table services(TablesReader tables) {
        Table table = View.SERVICES.newTable();
        for (ServiceSpec service : sorted(tables)) {
            table.add(address(service.key()), service.key().port(), protocol(service.key().protocol()),
                FrontendKind.name(service.kind()), service.name(), service.policyLocal() ? "Local" : "Cluster",
                service.affinitySeconds(), service.maglev() ? "maglev" : "random",
                service.sourceRanges().stream().map(IpPrefix::toString).collect(Collectors.joining(",")),
                count(service, Backend.CLUSTER_SET), count(service, service.policyLocal()
                    ? Backend.LOCAL_SET : Backend.CLUSTER_SET | Backend.LOCAL),
                service.paused() ? "paused" : "");
        }
        return table;
    }

    private static long count(ServiceSpec service, int flags) {
        return service.backends().stream().filter(backend -> backend.is(flags)).count();
    }

    /** {@code node} for a port of the node's own addresses. */
    private static String address(ServiceKey key) {
        return key.isOnNode() ? "node" : key.vip().toString();
    }

    /** @param podNames of this node, by address */
    static Table backends(TablesReader tables, Map<String, String> podNames) {
        Table table = View.BACKENDS.newTable();
        for (ServiceSpec service : sorted(tables)) {
            for (Backend backend : service.backends()) {
                table.add(service.name(), address(service.key()), service.key().port(),
                    protocol(service.key().protocol()), FrontendKind.name(service.kind()), backend.ip().toString(),
                    backend.port(), backend.is(Backend.LOCAL), use(service, backend), operator(service, backend),
                    podNames.getOrDefault(backend.ip().toString(), ""));
            }
        }
        return table;
    }

    static List<ServiceSpec> sorted(TablesReader tables) {
        List<ServiceSpec> services = new ArrayList<>();
        tables.services().forEach(services::add);
        services.sort(Comparator.comparing(ServiceSpec::name).thenComparingInt(service -> service.key().protocol())
            .thenComparingInt(ServiceSpec::kind).thenComparing(service -> service.key().vip())
            .thenComparingInt(service -> service.key().port()));
        return services;
    }

    public static String protocol(int number) {
        return switch (number) {
            case 1 -> "icmp";
            case 6 -> "tcp";
            case 17 -> "udp";
            default -> String.valueOf(number);
        };
    }

    /** What an operator has written about it. */
    private static String operator(ServiceSpec service, Backend backend) {
        if (backend.is(Backend.DRAINED)) { return "drained"; }
        return service.paused() ? "paused" : "";
    }

    /** Which new flows it gets; none if it only keeps its UDP flows. */
    private static String use(ServiceSpec service, Backend backend) {
        if (service.paused()) { return "none"; }
        String cluster = backend.is(Backend.CLUSTER_SET) ? "Cluster" : "";
        String local = service.policyLocal() && backend.is(Backend.LOCAL_SET) ? "Local" : "";
        return Stream.of(cluster, local).filter(policy -> !policy.isEmpty()).collect(Collectors.collectingAndThen(
            Collectors.joining(","), policies -> policies.isEmpty() ? "none" : policies));
    }
}
