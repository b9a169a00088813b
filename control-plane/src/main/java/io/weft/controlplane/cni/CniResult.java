package io.weft.controlplane.cni;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.controlplane.cni.PodAttacher.Attached;
import io.weft.controlplane.ipam.Attachment;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.MacAddress;

/** The objects that the runtime reads, in the form of the version that it asked for. */
final class CniResult {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int POD_SIDE = 1;

    private CniResult() {
    }

    /** Result of ADD: the veth's two ends, the address, the routes of the pod's main table. */
    static String added(String version, Attached attached) {
        Attachment attachment = attached.attachment();
        PodRoutes routes = attached.routes();
        ObjectNode result = JSON.createObjectNode().put("cniVersion", version);
        String gateway = routes.gateway().toString();
        ArrayNode interfaces = result.putArray("interfaces");
        putInterface(interfaces, version, attachment.hostIfName(), attached.hostMac(), attachment.mtu());
        putInterface(interfaces, version, attachment.key().ifName(), attachment.podMac(), attachment.mtu())
            .put("sandbox", attachment.netns());
        ObjectNode ip = result.putArray("ips").addObject();
        if (CniVersion.hasAddressFamily(version)) {
            ip.put("version", "4");
        }
        ip.put("address", IpPrefix.single(attachment.podIp()).toString())
            .put("gateway", gateway)
            .put("interface", POD_SIDE);
        ArrayNode list = result.putArray("routes");
        if (attached.hasMainRoutes()) {
            putRoutes(list, version, attachment, routes);
        }
        result.putObject("dns");
        return result.toPrettyString() + "\n";
    }

    static String error(String version, CniException error) {
        ObjectNode result = JSON.createObjectNode()
            .put("cniVersion", version)
            .put("code", error.code())
            .put("msg", error.getMessage());
        if (!error.details().isEmpty()) {
            result.put("details", error.details());
        }
        return result.toPrettyString() + "\n";
    }

    private static void putRoutes(ArrayNode list, String version, Attachment attachment, PodRoutes routes) {
        String gateway = routes.gateway().toString();
        list.addObject().put("dst", routes.podCidr().toString()).put("gw", gateway);
        ObjectNode others = list.addObject().put("dst", "0.0.0.0/0").put("gw", gateway);
        if (CniVersion.hasMtu(version)) {
            others.put("mtu", Math.min(attachment.mtu(), routes.offNodeMtu()));
        }
    }

    private static ObjectNode putInterface(ArrayNode interfaces, String version, String name, long mac, int mtu) {
        ObjectNode added = interfaces.addObject().put("name", name).put("mac", MacAddress.format(mac));
        if (CniVersion.hasMtu(version)) {
            added.put("mtu", mtu);
        }
        return added;
    }
}
