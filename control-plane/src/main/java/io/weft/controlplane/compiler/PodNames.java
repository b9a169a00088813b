package io.weft.controlplane.compiler;

import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.model.Pod;
import io.weft.encap.address.IpAddress;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;

/** Names of this node's pods by their address, for output. Of two Pods with one address the newer is used, then the first by name. One thread. */
final class PodNames {
    private static final Comparator<Pod> NEWEST = Comparator.comparingLong(Pod::createdMillis).reversed()
        .thenComparing(Pod::key);

    private final String nodeName;
    private final Map<ObjectKey, Pod> pods = new HashMap<>();
    private final Map<IpAddress, TreeSet<Pod>> podsOfAddress = new HashMap<>();

    PodNames(String nodeName) {
        this.nodeName = nodeName;
    }

    void put(Pod pod) {
        remove(pod.key());
        if (pod.nodeName().equals(nodeName) && !pod.hostNetwork()) {
            pods.put(pod.key(), pod);
            pod.podIps().forEach(ip -> podsOfAddress.computeIfAbsent(ip, _ -> new TreeSet<>(NEWEST)).add(pod));
        }
    }

    void remove(ObjectKey key) {
        Pod pod = pods.remove(key);
        if (pod == null) { return; }
        for (IpAddress ip : pod.podIps()) {
            podsOfAddress.computeIfPresent(ip, (_, others) -> {
                others.remove(pod);
                return others.isEmpty() ? null : others;
            });
        }
    }

    Map<IpAddress, String> all() {
        Map<IpAddress, String> names = new HashMap<>();
        podsOfAddress.forEach((ip, candidates) -> names.put(ip,
            candidates.first().namespace() + "/" + candidates.first().name()));
        return Map.copyOf(names);
    }
}
