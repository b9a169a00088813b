package io.weft.controlplane.compiler;

import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.operator.DrainTarget;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Which Services have endpoints that an operator has drained. One thread. */
final class DrainedServices {
    private final Map<DrainTarget, TreeSet<ObjectKey>> services = new HashMap<>();

    void add(ObjectKey service, Collection<DrainTarget> drains) {
        drains.forEach(drain -> services.computeIfAbsent(drain, _ -> new TreeSet<>()).add(service));
    }

    void remove(ObjectKey service, Collection<DrainTarget> drains) {
        for (DrainTarget drain : drains) {
            services.computeIfPresent(drain, (_, users) -> {
                users.remove(service);
                return users.isEmpty() ? null : users;
            });
        }
    }

    Set<ObjectKey> of(DrainTarget drain) {
        return services.getOrDefault(drain, new TreeSet<>());
    }

    /** The elements of only one of two sets. */
    static <T> Set<T> difference(Set<T> one, Set<T> other) {
        Set<T> difference = new TreeSet<>();
        one.stream().filter(element -> !other.contains(element)).forEach(difference::add);
        other.stream().filter(element -> !one.contains(element)).forEach(difference::add);
        return difference;
    }
}
