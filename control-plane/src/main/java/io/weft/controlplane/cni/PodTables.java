package io.weft.controlplane.cni;

import io.weft.controlplane.ipam.Attachment;
import io.weft.controlplane.ipam.AttachmentKey;
import io.weft.controlplane.ipam.AttachmentStore.ExhaustedException;
import io.weft.encap.address.Ipv4Prefix;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** The node's records and tables as CNI changes them. Any thread; a call returns when it is done. */
public interface PodTables {
    /** Addresses of this node's pods; empty until the Node object is known. */
    Optional<Ipv4Prefix> podCidr();

    /** Largest packet to other nodes, Services and outside; where {@link #podCidr} is known. */
    int offNodeMtu();

    long freeAddresses();

    /** Why the cluster is not followed at present, empty while it is. Answers at once, whatever the loop does. */
    default String fault() {
        return "";
    }

    Optional<Attachment> find(AttachmentKey key);

    List<Attachment> all();

    /**
     * Gives an address and a port id; on disk when it returns.
     *
     * @param longestPacket bounds the pod's MTU
     */
    Attachment allocate(AttachmentKey key, String network, String netns, int longestPacket)
        throws IOException, ExhaustedException;

    /** Records an attachment that exists under the names it has now. */
    void adopt(Attachment attachment) throws IOException;

    /** Frees them. The pod's interface must be gone. */
    void release(AttachmentKey key) throws IOException;

    /** Has the dataplane open the pod's port. */
    void openPort(Attachment attachment);

    /** Has the dataplane close it. */
    void closePort(Attachment attachment);
}
