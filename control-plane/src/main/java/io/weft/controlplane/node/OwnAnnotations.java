package io.weft.controlplane.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.controlplane.model.TunnelAnnotations;
import io.weft.dataplane.table.LocalNode;
import io.weft.encap.address.MacAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;

/** The annotations by which flannel's and Weft's nodes find this node's tunnel. */
public final class OwnAnnotations {
    private static final ObjectMapper JSON = new ObjectMapper();

    private OwnAnnotations() {
    }

    public static Map<String, String> of(LocalNode node) {
        Map<String, String> annotations = new LinkedHashMap<>();
        annotations.put(TunnelAnnotations.SUBNET_MANAGER, "true");
        annotations.put(TunnelAnnotations.BACKEND_TYPE, node.overlay().encapsulation().label());
        annotations.put(TunnelAnnotations.BACKEND_DATA, backendData(node));
        annotations.put(TunnelAnnotations.PUBLIC_IP, node.address().toString());
        annotations.put(TunnelAnnotations.WEFT, "true");
        return annotations;
    }

    /** The Ethernet address of the node's tunnel that annotations name; empty if they name none. */
    public static OptionalLong vtepMac(Map<String, String> annotations) {
        try {
            JsonNode data = JSON.readTree(annotations.getOrDefault(TunnelAnnotations.BACKEND_DATA, "null"));
            return MacAddress.parse(data.path("VtepMAC").asText());
        } catch (JsonProcessingException e) {
            return OptionalLong.empty();
        }
    }

    /** As flannel's back ends write it: VXLAN has something to say, others have not. */
    private static String backendData(LocalNode node) {
        return node.overlay().encapsulation().hasInnerEthernet()
            ? "{\"VNI\":" + node.overlay().id() + ",\"VtepMAC\":\"" + MacAddress.format(node.vtepMac()) + "\"}"
            : "null";
    }
}
