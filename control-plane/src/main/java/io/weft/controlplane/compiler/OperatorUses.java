package io.weft.controlplane.compiler;

import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.operator.DrainTarget;
import io.weft.controlplane.operator.OperatorState;
import io.weft.controlplane.operator.OperatorWrite;
import io.weft.controlplane.operator.WriteTarget.Assessment;
import io.weft.encap.address.IpPrefix;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What operators' writes do, in words. */
final class OperatorUses {
    private static final int MAX_SERVICES = 3;
    private static final String IN_USE = "in use";

    private OperatorUses() {
    }

    /** By title. */
    static Map<String, String> of(OperatorState operator, ServiceTables services, StaticRoutes routes) {
        Map<String, String> uses = new LinkedHashMap<>();
        operator.all().forEach(write -> uses.put(write.title(), of(write, services, routes)));
        return uses;
    }

    private static String of(OperatorWrite write, ServiceTables services, StaticRoutes routes) {
        return switch (write.kind()) {
            case DRAIN -> drain(services.drainedBy(DrainTarget.parse(write.subject()).orElseThrow()));
            case PAUSE -> services.hasService(OperatorState.service(write.subject()).orElseThrow())
                ? IN_USE : "unused: there is no such Service";
            case ROUTE -> route(routes.problem(IpPrefix.of(write.subject())));
            case LOG_LEVEL -> IN_USE;
        };
    }

    private static String drain(Set<ObjectKey> services) {
        if (services.isEmpty()) { return "unused: no Service has such an endpoint"; }
        return IN_USE + ": endpoint of " + services.stream().limit(MAX_SERVICES)
            .map(service -> service.namespace() + "/" + service.name()).collect(Collectors.joining(", "))
            + (services.size() > MAX_SERVICES ? " and " + (services.size() - MAX_SERVICES) + " more" : "");
    }

    private static String route(String problem) {
        return problem.isEmpty() ? IN_USE : "unused: " + problem;
    }

    static Assessment both(Assessment one, Assessment other) {
        return new Assessment(join(one.effects(), other.effects()), join(one.objections(), other.objections()));
    }

    private static <T> List<T> join(List<T> one, List<T> other) {
        return Stream.concat(one.stream(), other.stream()).toList();
    }
}
