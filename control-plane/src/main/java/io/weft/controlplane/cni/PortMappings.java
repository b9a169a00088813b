package io.weft.controlplane.cni;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.controlplane.ipam.PortMapping;
import io.weft.dataplane.config.ManagementPorts;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.packet.IpProtocol;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.netlink.SocketDiag;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads {@code runtimeConfig.portMappings}, which the runtime sends to a plug-in with the capability {@code portMappings} (CNI conventions),
 * and refuses ports that belong to the node itself.
 *
 * <p>The portmap plug-in takes a port from whoever listens on it, SSH included. Here a pod does not get a port by which the node is managed,
 * nor one on which a process of the node listens: ADD fails, and the pod's events say why.
 */
final class PortMappings {
    private static final Logger LOG = LoggerFactory.getLogger(PortMappings.class);
    private static final List<String> MEMBERS = List.of("hostPort", "containerPort", "protocol", "hostIP");
    private static final int LOCALHOST = Ipv4Address.of("127.0.0.1");

    private PortMappings() {
    }

    /** @return no two of which overlap; without those on IPv6 addresses, which are not served */
    static List<PortMapping> of(JsonNode configuration) throws CniException {
        JsonNode list = configuration.path("runtimeConfig").path("portMappings");
        if (list.isMissingNode() || list.isNull()) { return List.of(); }
        if (!list.isArray()) { throw wrong("is not a list"); }
        List<PortMapping> mappings = new ArrayList<>();
        for (JsonNode each : list) {
            JsonNode item = canonical(each);
            if (item.path("hostPort").asInt() == 0 && item.path("hostPort").isInt()) {
                continue; // a port of the container only
            }
            String hostIp = CniRequest.text(item, "hostIP");
            IpAddress address = hostIp.isEmpty() ? IpAddress.ipv4(0) : address(hostIp);
            if (!address.isIpv4() && !address.isUnspecified()) {
                LOG.warn("hostPort {} on {} is not served: IPv6 is not supported yet", item.path("hostPort"), hostIp);
                continue;
            }
            PortMapping mapping = new PortMapping(address.isUnspecified() ? IpAddress.ipv4(0) : address,
                port(item, "hostPort"), protocol(item), port(item, "containerPort"));
            if (!mappings.contains(mapping)) { // the runtime may repeat one for each family of an address
                mappings.add(mapping);
            }
        }
        return List.copyOf(mappings);
    }

    /** containerd writes HostPort and the like; Go's decoders, which runtimes are tested with, ignore the case of members' names. */
    private static JsonNode canonical(JsonNode item) {
        ObjectNode canonical = JsonNodeFactory.instance.objectNode();
        item.forEachEntry((name, value) -> MEMBERS.stream().filter(name::equalsIgnoreCase)
            .forEach(member -> canonical.set(member, value)));
        return canonical;
    }

    /** Refuses ports of the node's own processes. In the node's network namespace. */
    static void requireFree(List<PortMapping> mappings) throws CniException {
        for (PortMapping mapping : mappings) {
            if (mapping.protocol() == IpProtocol.IPPROTO_TCP) {
                requireFree(mapping);
            }
        }
    }

    private static void requireFree(PortMapping mapping) throws CniException {
        if (ManagementPorts.contains(mapping.protocol(), mapping.hostPort())) {
            throw new CniException(CniErrorCode.PORT_TAKEN, mapping.hostSide() + " is for managing the node",
                "pods do not get the ports of SSH, etcd, API server and kubelet: choose another hostPort");
        }
        if (isListening(mapping)) {
            throw new CniException(CniErrorCode.PORT_TAKEN, "a process of the node listens on " + mapping.hostSide(),
                "choose another hostPort, or stop that process");
        }
    }

    private static boolean isListening(PortMapping mapping) {
        try (SocketDiag sockets = SocketDiag.open()) {
            int wanted = mapping.hostIp().toInt();
            return sockets.listeners(mapping.hostPort()).stream().anyMatch(address -> address == Ipv4Address.ANY
                || (wanted == Ipv4Address.ANY ? !Ipv4Address.isLoopback(address) || address == LOCALHOST
                    : address == wanted));
        } catch (LinuxException e) {
            LOG.warn("cannot see whether a process of the node has {}: {}", mapping.hostSide(), e.getMessage());
            return false;
        }
    }

    private static int port(JsonNode item, String member) throws CniException {
        JsonNode value = item.path(member);
        if (!value.isInt() || value.asInt() < 1 || value.asInt() > 0xFFFF) {
            throw wrong(member + " is " + (value.isMissingNode() ? "missing" : value + ", not a port"));
        }
        return value.asInt();
    }

    private static int protocol(JsonNode item) throws CniException {
        String name = CniRequest.text(item, "protocol");
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "", "tcp" -> IpProtocol.IPPROTO_TCP;
            case "udp" -> IpProtocol.IPPROTO_UDP;
            case "sctp" -> PortMapping.SCTP;
            default -> throw wrong("protocol is " + name + ", not tcp, udp or sctp");
        };
    }

    private static IpAddress address(String text) throws CniException {
        return IpAddress.parse(text).orElseThrow(() -> wrong("hostIP is " + text + ", not an IP address"));
    }

    private static CniException wrong(String what) {
        return new CniException(CniErrorCode.INVALID_CONFIGURATION, "runtimeConfig.portMappings: " + what);
    }
}
