package io.weft.controlplane.node;

import io.weft.controlplane.model.TunnelAnnotations;
import io.weft.dataplane.table.LocalNode;
import io.weft.encap.address.MacAddress;
import java.util.LinkedHashMap;
import java.util.Map;

/** The annotations by which flannel's and Weft's nodes find this node's tunnel. */
public final class OwnAnnotations {
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

    /** As flannel's back ends write it: VXLAN has something to say, others have not. */
    private static String backendData(LocalNode node) {
        return node.overlay().encapsulation().hasInnerEthernet()
            ? "{\"VNI\":" + node.overlay().id() + ",\"VtepMAC\":\"" + MacAddress.format(node.vtepMac()) + "\"}"
            : "null";
    }
}
