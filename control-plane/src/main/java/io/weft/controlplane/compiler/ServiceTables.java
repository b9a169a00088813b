package io.weft.controlplane.compiler;

import io.weft.controlplane.compiler.ServiceCompiler.Compiled;
import io.weft.controlplane.healthcheck.HealthCheckNodePort;
import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.model.Service;
import io.weft.controlplane.operator.DrainTarget;
import io.weft.controlplane.operator.OperatorState;
import io.weft.controlplane.operator.WriteTarget.Assessment;
import io.weft.controlplane.source.Throttle;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Services and EndpointSlices, and the table entries compiled from them. A change compiles the Services that it affects and writes the
 * entries that differ. Of two Services with the same address and port the older is used (metadata.creationTimestamp), of the same age or
 * without one the first by namespace and name: a later Service must not take an address over. One thread.
 */
final class ServiceTables {

    /** A Service's claim to an address and port; the lowest wins. */
    private record Claimant(long createdMillis, ObjectKey service) implements Comparable<Claimant> {
        private static final Comparator<Claimant> OLDEST = Comparator.comparingLong(Claimant::createdMillis)
            .thenComparing(Claimant::service);

        @Override
        public int compareTo(Claimant other) {
            return OLDEST.compare(this, other);
        }
    }

    /** What a Service claims now. */
    private record Entry(Claimant claimant, Compiled compiled) {
    }

    private final ServiceCompiler compiler;
    private final ReservedPorts reserved;
    private final ObjectFailures failures;
    private final Map<ObjectKey, Service> services = new TreeMap<>();
    private final Map<ObjectKey, EndpointSlice> slices = new HashMap<>();
    private final Map<ObjectKey, TreeMap<ObjectKey, EndpointSlice>> slicesOfService = new HashMap<>();
    private final Map<ObjectKey, Entry> entries = new HashMap<>();
    private final Map<ServiceKey, TreeMap<Claimant, ServiceSpec>> claims = new HashMap<>();
    private final Map<ServiceKey, ServiceSpec> written = new HashMap<>();
    private final TreeMap<Claimant, HealthCheckNodePort> healthChecks = new TreeMap<>();
    private final Set<ServiceKey> contested = new HashSet<>();
    private final Set<ObjectKey> withNotes = new TreeSet<>();
    private final Set<ObjectKey> slicesWithNotes = new TreeSet<>();
    private final Set<ObjectKey> touched = new TreeSet<>();
    private final DrainedServices drained = new DrainedServices();
    private OperatorState operator = OperatorState.NOTHING;

    /**
     * @param reserved as the compiler has it
     * @param failures collects unexpected failures of the compiler
     */
    ServiceTables(ServiceCompiler compiler, ReservedPorts reserved, ObjectFailures failures) {
        this.compiler = compiler;
        this.reserved = reserved;
        this.failures = failures;
    }

    int size() {
        return written.size();
    }

    void put(Service service) {
        services.put(service.key(), service);
        touched.add(service.key());
    }

    void removeService(ObjectKey key) {
        services.remove(key);
        touched.add(key);
    }

    void put(EndpointSlice slice) {
        remove(slice.key());
        if (slice.key().equals(ReservedPorts.API_SERVERS)) {
            reserved.setServers(Optional.of(slice));
        }
        slices.put(slice.key(), slice);
        if (!slice.unsupported().isEmpty()) {
            slicesWithNotes.add(slice.key());
        }
        if (!slice.serviceName().isEmpty()) {
            slicesOfService.computeIfAbsent(slice.serviceKey(), _ -> new TreeMap<>()).put(slice.key(), slice);
            touched.add(slice.serviceKey());
        }
    }

    void removeSlice(ObjectKey key) {
        remove(key);
        if (key.equals(ReservedPorts.API_SERVERS)) {
            reserved.setServers(Optional.empty());
        }
    }

    private void remove(ObjectKey key) {
        EndpointSlice slice = slices.remove(key);
        slicesWithNotes.remove(key);
        if (slice == null || slice.serviceName().isEmpty()) { return; }
        slicesOfService.computeIfPresent(slice.serviceKey(), (_, others) -> {
            others.remove(key);
            return others.isEmpty() ? null : others;
        });
        touched.add(slice.serviceKey());
    }

    /** The addresses of a node, whose own ports no Service takes over; none if it is gone. */
    void setNode(String name, Collection<IpAddress> addresses) {
        reserved.setNode(name, addresses);
    }

    /** An address of a node or API server in a range. */
    Optional<IpAddress> machineIn(IpPrefix range) {
        return reserved.machineIn(range);
    }

    void use(OwnSite own) {
        compiler.use(own);
        touched.addAll(services.keySet());
    }

    /** The operators' drains and pauses, in force with the next {@link #flush}. */
    void use(OperatorState state) {
        touched.addAll(affectedBy(state));
        operator = state;
    }

    /** What other drains and pauses would change. */
    Assessment assess(OperatorState next) {
        ServiceAssessment assessment = new ServiceAssessment(operator, next);
        for (ObjectKey key : affectedBy(next)) {
            Service service = services.get(key);
            if (service != null) {
                Collection<EndpointSlice> endpoints = slicesOfService.getOrDefault(key, new TreeMap<>()).values();
                assessment.compare(key, compiler.compile(service, endpoints, operator),
                    compiler.compile(service, endpoints, next));
            }
        }
        return assessment.result();
    }

    private Set<ObjectKey> affectedBy(OperatorState next) {
        Set<ObjectKey> affected = new TreeSet<>(DrainedServices.difference(operator.pauses(), next.pauses()));
        Set<IpAddress> addresses = new HashSet<>();
        DrainedServices.difference(operator.drains(), next.drains()).forEach(drain -> addresses.add(drain.address()));
        if (!addresses.isEmpty()) {
            slices.values().stream().filter(slice -> !slice.serviceName().isEmpty())
                .filter(slice -> slice.endpoints().stream()
                    .anyMatch(endpoint -> endpoint.addresses().stream().anyMatch(addresses::contains)))
                .forEach(slice -> affected.add(slice.serviceKey()));
        }
        return affected;
    }

    /** Services that have an endpoint of this drain. */
    Set<ObjectKey> drainedBy(DrainTarget drain) {
        return drained.of(drain);
    }

    boolean hasService(ObjectKey key) {
        return services.containsKey(key);
    }

    /** Compiles what was affected and passes on the differences. */
    void flush(TableSink sink, Throttle throttle) {
        touchUsersOf(reserved.takeChanged());
        Set<ServiceKey> affected = new HashSet<>();
        for (ObjectKey key : touched) {
            recompile(key, affected);
            throttle.pause();
        }
        touched.clear();
        for (ServiceKey key : affected) {
            write(key, sink);
            throttle.pause();
        }
    }

    private void touchUsersOf(Set<IpAddress> addresses) {
        if (addresses.isEmpty()) { return; }
        services.forEach((key, service) -> {
            boolean isUser = service.addresses().externalIps().stream().anyMatch(addresses::contains)
                || service.addresses().loadBalancerIps().stream().anyMatch(addresses::contains)
                || addresses.contains(ServiceKey.NODE_ADDRESSES)
                    && service.ports().stream().anyMatch(port -> port.nodePort() != 0);
            if (isUser) {
                touched.add(key);
            }
        });
    }

    /** What the Services' health check ports tell; of two Services with one port, the older's. */
    List<HealthCheckNodePort> healthChecks() {
        Map<Integer, HealthCheckNodePort> byPort = new TreeMap<>();
        healthChecks.values().forEach(check -> byPort.putIfAbsent(check.port(), check));
        return List.copyOf(byPort.values());
    }

    void addProblems(Map<ObjectKey, List<String>> all) {
        withNotes.forEach(key -> phrases(all, key).addAll(entries.get(key).compiled.notes()));
        slicesWithNotes.forEach(key -> phrases(all, key).addAll(slices.get(key).unsupported()));
        contested.stream().sorted(Comparator.comparing(ServiceKey::vip).thenComparingInt(ServiceKey::port)
            .thenComparingInt(ServiceKey::protocol)).forEach(key -> addContested(all, key));
        Map<Integer, Claimant> byPort = new HashMap<>();
        healthChecks.forEach((claimant, check) -> {
            Claimant first = byPort.putIfAbsent(check.port(), claimant);
            if (first != null) {
                phrases(all, claimant.service)
                    .add("healthCheckNodePort " + check.port() + " belongs to " + first.service);
            }
        });
    }

    private void addContested(Map<ObjectKey, List<String>> all, ServiceKey key) {
        Claimant first = claims.get(key).firstKey();
        claims.get(key).tailMap(first, false).keySet().forEach(other -> phrases(all, other.service)
            .add((key.isOnNode() ? "nodePort " : key.vip() + " port ") + key.port() + " belongs to " + first.service));
    }

    private static List<String> phrases(Map<ObjectKey, List<String>> all, ObjectKey key) {
        return all.computeIfAbsent(key, _ -> new ArrayList<>());
    }

    private void recompile(ObjectKey key, Set<ServiceKey> affected) {
        Entry old = entries.remove(key);
        if (old != null) {
            healthChecks.remove(old.claimant);
            drained.remove(key, old.compiled.drains());
            old.compiled.specs().forEach(spec -> {
                unclaim(spec.key(), old.claimant);
                affected.add(spec.key());
            });
        }
        withNotes.remove(key);
        failures.forget(key);
        Service service = services.get(key);
        if (service == null) { return; }
        Entry now = new Entry(new Claimant(service.createdMillis(), key), compile(service));
        entries.put(key, now);
        now.compiled.healthCheck().ifPresent(check -> healthChecks.put(now.claimant, check));
        drained.add(key, now.compiled.drains());
        if (!now.compiled.notes().isEmpty()) {
            withNotes.add(key);
        }
        for (ServiceSpec spec : now.compiled.specs()) {
            claims.computeIfAbsent(spec.key(), _ -> new TreeMap<>()).put(now.claimant, spec);
            affected.add(spec.key());
        }
    }

    private Compiled compile(Service service) {
        Collection<EndpointSlice> endpoints = slicesOfService.getOrDefault(service.key(), new TreeMap<>()).values();
        try {
            return failures.attempt(service.key(), () -> compiler.compile(service, endpoints, operator),
                Compiled.NOTHING);
        } catch (UnusableObjectException e) {
            throw new IllegalStateException("a Service is used as far as it is right", e);
        }
    }

    private void unclaim(ServiceKey key, Claimant claimant) {
        claims.computeIfPresent(key, (_, claimants) -> {
            claimants.remove(claimant);
            return claimants.isEmpty() ? null : claimants;
        });
    }

    private void write(ServiceKey key, TableSink sink) {
        TreeMap<Claimant, ServiceSpec> claimants = claims.get(key);
        if (claimants == null) {
            contested.remove(key);
            if (written.remove(key) != null) {
                sink.removeService(key);
            }
            return;
        }
        ServiceSpec spec = claimants.firstEntry().getValue();
        if (!spec.equals(written.put(key, spec))) {
            sink.putService(spec);
        }
        if (claimants.size() > 1) {
            contested.add(key);
        } else {
            contested.remove(key);
        }
    }
}
