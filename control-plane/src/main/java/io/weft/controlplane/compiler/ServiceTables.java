package io.weft.controlplane.compiler;

import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.model.Service;
import io.weft.controlplane.source.Pace;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.Ipv4Prefix;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Services and EndpointSlices, and the table entries made of them. A change compiles the Services it touches and writes
 * the entries that differ. Of two Services with the same address and port the first by name counts. One thread.
 */
final class ServiceTables {
    private final ServiceCompiler compiler = new ServiceCompiler();
    private final Ipv4Prefix serviceCidr;
    private final TableSink sink;
    private final Map<ObjectKey, Service> services = new TreeMap<>();
    private final Map<ObjectKey, ObjectKey> serviceOfSlice = new HashMap<>();
    private final Map<ObjectKey, TreeMap<ObjectKey, EndpointSlice>> slicesOfService = new HashMap<>();
    private final Map<ObjectKey, List<ServiceSpec>> compiled = new HashMap<>();
    private final Map<ServiceKey, TreeMap<ObjectKey, ServiceSpec>> claims = new HashMap<>();
    private final Map<ServiceKey, ServiceSpec> written = new HashMap<>();
    private final Map<ObjectKey, String> problems = new TreeMap<>();
    private final Set<ServiceKey> contested = new HashSet<>();
    private final Set<ObjectKey> touched = new TreeSet<>();

    ServiceTables(Ipv4Prefix serviceCidr, TableSink sink) {
        this.serviceCidr = serviceCidr;
        this.sink = sink;
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
        removeSlice(slice.key());
        if (!slice.serviceName().isEmpty()) {
            serviceOfSlice.put(slice.key(), slice.serviceKey());
            slicesOfService.computeIfAbsent(slice.serviceKey(), _ -> new TreeMap<>()).put(slice.key(), slice);
            touched.add(slice.serviceKey());
        }
    }

    void removeSlice(ObjectKey key) {
        ObjectKey service = serviceOfSlice.remove(key);
        if (service != null) {
            slicesOfService.get(service).remove(key);
            touched.add(service);
        }
    }

    void setOwnPods(Ipv4Prefix podCidr) {
        compiler.setOwnPods(podCidr);
        touched.addAll(services.keySet());
    }

    /** Compiles what was touched and writes the differences. */
    void flush(Pace pace) {
        Set<ServiceKey> affected = new HashSet<>();
        for (ObjectKey key : touched) {
            recompile(key, affected);
            pace.rest();
        }
        touched.clear();
        for (ServiceKey key : affected) {
            write(key);
            pace.rest();
        }
    }

    Collection<ServiceSpec> written() {
        return List.copyOf(written.values());
    }

    Collection<String> problems() {
        List<String> all = new ArrayList<>(problems.values());
        for (ServiceKey key : contested) {
            ObjectKey first = claims.get(key).firstKey();
            claims.get(key).tailMap(first, false).keySet().forEach(other -> all.add(
                other + ": " + Ipv4Address.format(key.vip()) + " port " + key.port() + " belongs to " + first));
        }
        return all;
    }

    private void recompile(ObjectKey key, Set<ServiceKey> affected) {
        for (ServiceSpec old : compiled.getOrDefault(key, List.of())) {
            unclaim(old.key(), key);
            affected.add(old.key());
        }
        compiled.remove(key);
        problems.remove(key);
        Service service = services.get(key);
        if (service == null) { return; }
        List<ServiceSpec> specs = compile(service);
        compiled.put(key, specs);
        for (ServiceSpec spec : specs) {
            claims.computeIfAbsent(spec.key(), _ -> new TreeMap<>()).put(key, spec);
            affected.add(spec.key());
        }
    }

    private List<ServiceSpec> compile(Service service) {
        for (int address : service.clusterIps()) {
            if (!serviceCidr.contains(address)) {
                problems.put(service.key(), service.key() + ": clusterIP " + Ipv4Address.format(address)
                    + " is outside serviceCidr " + serviceCidr + "; nobody will reach it");
            }
        }
        try {
            return compiler.compile(service, slicesOfService.getOrDefault(service.key(), new TreeMap<>()).values());
        } catch (IllegalArgumentException e) {
            problems.put(service.key(), service.key() + ": " + e.getMessage());
            return List.of();
        }
    }

    private void unclaim(ServiceKey key, ObjectKey service) {
        TreeMap<ObjectKey, ServiceSpec> claimants = claims.get(key);
        claimants.remove(service);
        if (claimants.isEmpty()) {
            claims.remove(key);
        }
    }

    private void write(ServiceKey key) {
        TreeMap<ObjectKey, ServiceSpec> claimants = claims.get(key);
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
