package io.weft.controlplane.compiler;

import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.model.ServiceCidr;
import io.weft.dataplane.table.ServiceRules;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The ServiceCIDRs, and those of their ranges that this node serves besides its configured {@code serviceCidr}. If there are too many, those
 * of the oldest objects are served, of objects of one age those of the first names: a later range must not end what a former one serves. One
 * thread.
 */
final class ServiceCidrs {
    private static final Comparator<IpPrefix> BY_ADDRESS = Comparator.comparing((IpPrefix prefix) -> prefix.base())
        .thenComparingInt(prefix -> prefix.length());

    private static final Comparator<ServiceCidr> OLDEST = Comparator.comparingLong(ServiceCidr::createdMillis)
        .thenComparing(ServiceCidr::name);

    private final IpPrefix configured;
    private final IpPrefix clusterCidr;
    private final Map<ObjectKey, ServiceCidr> objects = new TreeMap<>();
    private final Map<ObjectKey, List<String>> refusals = new HashMap<>();

    ServiceCidrs(IpPrefix configured, IpPrefix clusterCidr) {
        this.configured = configured;
        this.clusterCidr = clusterCidr;
    }

    void put(ServiceCidr range) {
        objects.put(range.key(), range);
    }

    void remove(ObjectKey key) {
        objects.remove(key);
        refusals.remove(key);
    }

    /**
     * Decides anew.
     *
     * @param machineIn an address of a node or API server in a range: this node would no longer reach it
     * @return ranges besides the configured one, by address
     */
    List<IpPrefix> usable(IpPrefix podCidr, IpAddress nodeAddress, Function<IpPrefix, Optional<IpAddress>> machineIn) {
        refusals.clear();
        TreeSet<IpPrefix> usable = new TreeSet<>(BY_ADDRESS);
        objects.values().stream().sorted(OLDEST).forEach(object -> {
            for (IpPrefix cidr : object.cidrs()) {
                String refusal = configured.contains(cidr) || usable.contains(cidr) ? ""
                    : refusal(cidr, podCidr, nodeAddress, machineIn, usable.size());
                if (!refusal.isEmpty()) {
                    refusals.computeIfAbsent(object.key(), _ -> new ArrayList<>())
                        .add(cidr + " is not served: " + refusal);
                } else if (!configured.contains(cidr)) {
                    usable.add(cidr);
                }
            }
        });
        return List.copyOf(usable);
    }

    private String refusal(IpPrefix cidr, IpPrefix podCidr, IpAddress nodeAddress,
        Function<IpPrefix, Optional<IpAddress>> machineIn,
        int count) {
        if (cidr.overlaps(clusterCidr)) { return "it overlaps clusterCidr " + clusterCidr; }
        if (cidr.overlaps(podCidr)) { return "it overlaps this node's podCIDR " + podCidr; }
        if (cidr.contains(nodeAddress)) { return "it contains this node's address " + nodeAddress; }
        Optional<IpAddress> machine = machineIn.apply(cidr);
        if (machine.isPresent()) { return "it contains " + machine.get() + ", an address of a node or API server"; }
        return count < ServiceRules.MAX_RANGES ? "" : "at most " + ServiceRules.MAX_RANGES + " ranges are supported";
    }

    void addProblems(Map<ObjectKey, List<String>> all) {
        objects.forEach((key, object) -> {
            List<String> phrases = new ArrayList<>(object.unsupported());
            phrases.addAll(refusals.getOrDefault(key, List.of()));
            if (!phrases.isEmpty()) {
                all.put(key, phrases);
            }
        });
    }
}
