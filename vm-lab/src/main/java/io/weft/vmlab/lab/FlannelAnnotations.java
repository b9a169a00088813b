package io.weft.vmlab.lab;

import io.weft.encap.address.MacAddress;
import java.util.Map;

/** The Node annotations by which flannel's VXLAN back end tells its peers where it is. */
final class FlannelAnnotations {
    private static final String PREFIX = "flannel.alpha.coreos.com/";

    private FlannelAnnotations() {}

    static Map<String, String> of(LabPlan.Host host, long vtepMac) {
        return Map.of(
            PREFIX + "kube-subnet-manager", "true",
            PREFIX + "backend-type", "vxlan",
            PREFIX + "backend-data", "{\"VNI\":1,\"VtepMAC\":\"" + MacAddress.format(vtepMac) + "\"}",
            PREFIX + "public-ip", host.address().getHostAddress());
    }
}
