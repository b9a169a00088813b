package io.weft.controlplane.compiler;

import io.weft.controlplane.ipam.Attachment;
import io.weft.controlplane.ipam.PortMapping;
import io.weft.controlplane.model.Kind;
import io.weft.controlplane.model.ObjectKey;
import io.weft.encap.address.IpAddress;
import io.weft.lb.service.Backend;
import io.weft.lb.service.FrontendKind;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * The frontends of the pods' hostPorts. Each has its pod as the only backend. They share the tables with those of Services: where a Service
 * has the same port of the node, as a NodePort or on an address of its own, the Service's is used, as with kube-proxy and the portmap
 * plug-in. One thread.
 */
final class HostPorts {
    private final Map<ServiceKey, ServiceSpec> frontends = new HashMap<>();
    private final Map<Integer, Attachment> attachments = new TreeMap<>();

    /** Adds an attachment's, or replaces them. @return those that are new or different */
    List<ServiceSpec> put(Attachment attachment) {
        attachments.put(attachment.portId(), attachment);
        List<ServiceSpec> changed = new ArrayList<>();
        for (PortMapping mapping : attachment.portMappings()) {
            if (mapping.isServed()) {
                ServiceSpec spec = frontend(attachment, mapping);
                if (!spec.equals(frontends.put(spec.key(), spec))) {
                    changed.add(spec);
                }
            }
        }
        return changed;
    }

    /** @return the keys that are free now */
    List<ServiceKey> remove(int portId) {
        Attachment attachment = attachments.remove(portId);
        if (attachment == null) { return List.of(); }
        List<ServiceKey> keys = attachment.portMappings().stream().map(HostPorts::key)
            .filter(frontends::containsKey).toList();
        keys.forEach(frontends::remove);
        return keys;
    }

    Optional<ServiceSpec> find(ServiceKey key) {
        return Optional.ofNullable(frontends.get(key));
    }

    Collection<ServiceSpec> all() {
        return frontends.values();
    }

    /**
     * What is not served, by pod.
     *
     * @param isServices whether a Service has this key
     */
    List<Problem> problems(Predicate<ServiceKey> isServices) {
        Map<ObjectKey, List<String>> all = new TreeMap<>();
        for (Attachment attachment : attachments.values()) {
            for (PortMapping mapping : attachment.portMappings()) {
                if (!mapping.isServed()) {
                    phrases(all, attachment).add(mapping.hostSide() + " is not served: SCTP is not supported");
                } else if (isServices.test(key(mapping))) {
                    phrases(all, attachment).add(mapping.hostSide() + " is not served: it is a port of a Service");
                }
            }
        }
        return Problem.of(all);
    }

    private static List<String> phrases(Map<ObjectKey, List<String>> all, Attachment attachment) {
        String[] name = attachment.subject().split("/", 2);
        return all.computeIfAbsent(new ObjectKey(Kind.POD, name[0], name[1]), _ -> new ArrayList<>());
    }

    private static ServiceSpec frontend(Attachment attachment, PortMapping mapping) {
        return new ServiceSpec(key(mapping), FrontendKind.HOST_PORT,
            attachment.subject() + ":" + mapping.containerPort(), false, false, 0, List.of(),
            List.of(Backend.readyHere(attachment.podIp(), mapping.containerPort())));
    }

    private static ServiceKey key(PortMapping mapping) {
        IpAddress address = mapping.hostIp().isUnspecified() ? ServiceKey.NODE_ADDRESSES : mapping.hostIp();
        return new ServiceKey(address, mapping.hostPort(), mapping.protocol());
    }
}
