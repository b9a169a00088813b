package io.weft.dataplane.table;

import io.weft.encap.address.Ipv4Prefix;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Another node and how its pods are reached.
 *
 * @param index 0 to {@link #MAX_PEERS} - 1, kept for the life of the tables
 * @param vtepIp outer address of its tunnel endpoint (flannel: public-ip), numeric
 * @param vtepMac inner destination MAC of its tunnel endpoint, 48 bits
 * @param podCidr addresses of its pods
 * @param nodeAddresses its own addresses, reached through the tunnel and accepted from it as inner source, numeric
 * @param weft whether it runs Weft (its tunnel accepts partial checksums)
 */
public record PeerSpec(
    int index,
    String nodeName,
    int vtepIp,
    long vtepMac,
    Ipv4Prefix podCidr,
    List<Integer> nodeAddresses,
    boolean weft) {

    public static final int MAX_PEERS = 16_384;
    public static final int MAX_NODE_ADDRESSES = 64;
    /** A DNS subdomain, which names a Kubernetes Node. */
    public static final int MAX_NODE_NAME_LENGTH = 253;

    public PeerSpec {
        nodeAddresses = List.copyOf(nodeAddresses);
        if (index < 0 || index >= MAX_PEERS) {
            throw new IllegalArgumentException("peer index " + index + " is outside 0 to " + (MAX_PEERS - 1));
        }
        if (nodeAddresses.size() > MAX_NODE_ADDRESSES) {
            throw new IllegalArgumentException(
                "node " + nodeName + " has more than " + MAX_NODE_ADDRESSES + " addresses");
        }
        requireNodeName(nodeName);
    }

    static void requireNodeName(String name) {
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        if (length == 0 || length > MAX_NODE_NAME_LENGTH) {
            throw new IllegalArgumentException("\"" + name + "\" is no node name");
        }
    }
}
