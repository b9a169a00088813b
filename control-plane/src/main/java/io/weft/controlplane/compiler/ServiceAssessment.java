package io.weft.controlplane.compiler;

import io.weft.controlplane.compiler.ServiceCompiler.Compiled;
import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.operator.DrainTarget;
import io.weft.controlplane.operator.OperatorState;
import io.weft.controlplane.operator.WriteTarget.Assessment;
import io.weft.controlplane.operator.WriteTarget.Effect;
import io.weft.lb.service.Backend;
import io.weft.lb.service.ServiceSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What other drains and pauses would do to the Services that they affect. */
final class ServiceAssessment {
    private final OperatorState now;
    private final OperatorState next;
    private final List<Effect> effects = new ArrayList<>();
    private final List<String> emptied = new ArrayList<>();
    private final Set<DrainTarget> matched = new HashSet<>();
    private final Set<ObjectKey> compared = new HashSet<>();

    ServiceAssessment(OperatorState now, OperatorState next) {
        this.now = now;
        this.next = next;
    }

    void compare(ObjectKey service, Compiled before, Compiled after) {
        compared.add(service);
        matched.addAll(after.drains());
        Map<String, ServiceSpec> former = byName(before);
        byName(after).forEach((name, spec) -> {
            ServiceSpec old = former.get(name);
            effects.add(new Effect(name, text(old), text(spec)));
            if (!spec.paused() && !old.paused() && backends(spec) == 0 && backends(old) > 0) {
                emptied.add(name + " would have no endpoint left for new connections");
            }
        });
    }

    /** The frontends of a port have the same endpoints where traffic policies do not matter. */
    private static Map<String, ServiceSpec> byName(Compiled compiled) {
        Map<String, ServiceSpec> byName = new TreeMap<>();
        compiled.specs().forEach(spec -> byName.putIfAbsent(spec.name(), spec));
        return byName;
    }

    private static long backends(ServiceSpec spec) {
        return spec.backends().stream().filter(backend -> backend.is(Backend.CLUSTER_SET)).count();
    }

    private static String text(ServiceSpec spec) {
        return (spec.paused() ? "paused, " : "") + backends(spec) + " backends for new connections";
    }

    Assessment result() {
        List<String> objections = new ArrayList<>(emptied);
        next.drains().stream().filter(drain -> !now.drains().contains(drain) && !matched.contains(drain))
            .forEach(drain -> objections.add("no Service has an endpoint " + drain));
        next.pauses().stream().filter(service -> !now.isPaused(service) && !compared.contains(service))
            .forEach(service -> objections.add("there is no " + service));
        return new Assessment(List.copyOf(effects), List.copyOf(objections));
    }
}
