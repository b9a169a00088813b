package io.weft.controlplane.model;

import io.weft.encap.address.IpAddress;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * The annotations {@code flannel.alpha.coreos.com/…} of a Node, carried by flannel's and by Weft's nodes alike
 * (flannel: pkg/subnet/kube/annotations.go).
 *
 * @param subnetManager kube-subnet-manager is "true"
 * @param backendType backend-type, such as vxlan
 * @param vni from backend-data
 * @param vtepMac VtepMAC of backend-data
 * @param publicIp public-ip, the outer address of the tunnel
 * @param weft the node says by {@code weft.io/node} that it runs Weft
 */
public record TunnelAnnotations(
    boolean subnetManager, String backendType, OptionalInt vni, OptionalLong vtepMac, Optional<IpAddress> publicIp,
    boolean weft) {
    public static final String PREFIX = "flannel.alpha.coreos.com/";
    public static final String SUBNET_MANAGER = PREFIX + "kube-subnet-manager";
    public static final String BACKEND_TYPE = PREFIX + "backend-type";
    public static final String BACKEND_DATA = PREFIX + "backend-data";
    public static final String PUBLIC_IP = PREFIX + "public-ip";
    public static final String WEFT = "weft.io/node";
}
