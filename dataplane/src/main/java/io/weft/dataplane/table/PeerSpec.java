package io.weft.dataplane.table;

import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Another node and how its pods are reached.
 *
 * <p>A tunnel endpoint is a machine, and several Nodes may name it: one that joined again under another name leaves its former object
 * behind. What leads through the tunnel therefore goes by {@code tunnel}, which all peers with the same endpoint share, and these agree on
 * {@code vtepIp}, {@code vtepMac} and {@code weft}.
 *
 * @param index 0 to {@link #MAX_PEERS} - 1, kept as long as the node is a peer
 * @param tunnel 0 to {@link #MAX_PEERS} - 1, kept as long as any node has the endpoint: what routes, flows and adjacencies name
 * @param vtepIp outer address of its tunnel endpoint (flannel: public-ip)
 * @param vtepMac inner destination MAC of its tunnel endpoint, 48 bits
 * @param podCidr addresses of its pods
 * @param nodeAddresses its own addresses, reached through the tunnel and accepted from it as inner source
 * @param weft whether it runs Weft (its tunnel accepts partial checksums)
 */
public record PeerSpec(
    int index,
    int tunnel,
    String nodeName,
    IpAddress vtepIp,
    long vtepMac,
    IpPrefix podCidr,
    List<IpAddress> nodeAddresses,
    boolean weft) {

    public static final int MAX_PEERS = 16_384;
    public static final int MAX_NODE_ADDRESSES = 64;
    /** A DNS subdomain, which names a Kubernetes Node. */
    public static final int MAX_NODE_NAME_LENGTH = 253;

    public PeerSpec {
        nodeAddresses = List.copyOf(nodeAddresses);
        if (index < 0 || index >= MAX_PEERS || tunnel < 0 || tunnel >= MAX_PEERS) {
            throw new IllegalArgumentException(
                "peer index " + index + " or tunnel " + tunnel + " is outside 0 to " + (MAX_PEERS - 1));
        }
        if (nodeAddresses.size() > MAX_NODE_ADDRESSES) {
            throw new IllegalArgumentException(
                "node " + nodeName + " has more than " + MAX_NODE_ADDRESSES + " addresses");
        }
        requireNodeName(nodeName);
    }

    /** A peer that shares its endpoint with no other: its tunnel has the peer's own number. */
    public PeerSpec(int index, String nodeName, IpAddress vtepIp, long vtepMac, IpPrefix podCidr,
        List<IpAddress> nodeAddresses, boolean weft) {
        this(index, index, nodeName, vtepIp, vtepMac, podCidr, nodeAddresses, weft);
    }

    static void requireNodeName(String name) {
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        if (length == 0 || length > MAX_NODE_NAME_LENGTH) {
            throw new IllegalArgumentException("\"" + name + "\" is no node name");
        }
    }
}
