package io.weft.controlplane.cni;

import io.weft.controlplane.ipam.Attachment;
import io.weft.controlplane.ipam.AttachmentKey;
import io.weft.controlplane.ipam.AttachmentNames;
import io.weft.controlplane.ipam.AttachmentStore.ExhaustedException;
import io.weft.controlplane.ipam.AttachmentStore.PortTakenException;
import io.weft.controlplane.ipam.PortMapping;
import io.weft.encap.address.IpPrefix;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** CNI's interface to the node's records and tables. Any thread; a call returns when it is done. */
public interface PodTables {
    /** Addresses of this node's pods; empty until the Node object is known. */
    Optional<IpPrefix> podCidr();

    /** Maximum packet length to other nodes, Services and the outside; present if {@link #podCidr} is. */
    int offNodeMtu();

    /** Whether the cluster's objects have been read and a running dataplane has adopted the tables made of them. */
    boolean areInUse();

    long freeAddresses();

    /** Why the cluster is not followed at present; empty while it is. Returns at once, whatever the loop does. */
    default String fault() {
        return "";
    }

    Optional<Attachment> find(AttachmentKey key);

    List<Attachment> all();

    /**
     * Allocates an address, a port id, and ports of the node; they are on disk when it returns.
     *
     * @param longestPacket limits the pod's MTU
     */
    Attachment allocate(AttachmentNames names, List<PortMapping> portMappings, int longestPacket)
        throws IOException, ExhaustedException, PortTakenException;

    /** {@link #allocate(AttachmentNames, List, int)} without ports of the node. */
    default Attachment allocate(AttachmentNames names, int longestPacket) throws IOException, ExhaustedException {
        try {
            return allocate(names, List.of(), longestPacket);
        } catch (PortTakenException e) {
            throw new IllegalStateException("no port was asked for", e);
        }
    }

    /** Records an existing attachment under its current names. */
    void adopt(Attachment attachment) throws IOException;

    /** Releases address, port id and ports of the node. The pod's interface must be gone. */
    void release(AttachmentKey key) throws IOException;

    /** Makes the dataplane open the pod's port, and serve the ports of the node that lead to it. */
    void openPort(Attachment attachment);

    /** Makes the dataplane close it. */
    void closePort(Attachment attachment);
}
