package io.weft.vmlab.lab;

import io.weft.encap.address.MacAddress;
import java.util.HashMap;
import java.util.Map;

/** The Node annotations by which tunnel endpoints find each other; flannel's VXLAN back end introduced them. */
public final class TunnelAnnotations {
    public static final String PREFIX = "flannel.alpha.coreos.com/";

    private TunnelAnnotations() {}

    static Map<String, String> weft(LabPlan.Host host, long vtepMac) {
        Map<String, String> annotations = new HashMap<>(flannel(host, vtepMac));
        annotations.put("weft.io/node", "true");
        return annotations;
    }

    public static Map<String, String> flannel(LabPlan.Host host, long vtepMac) {
        return Map.of(
            PREFIX + "kube-subnet-manager", "true",
            PREFIX + "backend-type", "vxlan",
            PREFIX + "backend-data", "{\"VNI\":1,\"VtepMAC\":\"" + MacAddress.format(vtepMac) + "\"}",
            PREFIX + "public-ip", host.address().getHostAddress());
    }
}
