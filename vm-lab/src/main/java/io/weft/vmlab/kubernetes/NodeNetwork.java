package io.weft.vmlab.kubernetes;

import java.io.IOException;
import java.net.InetAddress;
import java.util.List;

/** What connects the pods of one node: a network add-on of Kubernetes and, if the add-on leaves it to others, a Service proxy. */
public interface NodeNetwork {
    /**
     * Another node, as its Node object describes it.
     *
     * @param podCidrBase first address of its pod CIDR
     * @param vtepMac the address of its tunnel device, in flannel's annotations
     */
    record Peer(InetAddress address, InetAddress podCidrBase, long vtepMac) {}

    /** The kinds there are. */
    enum Kind {
        /** Weft for pods and Services; no kube-proxy. */
        WEFT,
        /** Linux: the plug-in ptp, a VXLAN device as flannel sets it up, kube-proxy in nftables mode. */
        LINUX
    }

    /**
     * Starts it. The node's kubelet has registered it, and it has a pod CIDR; it gets ready when this has put a network configuration in
     * place.
     */
    void start(String podCidr) throws Exception;

    /** Makes another node known, unless the network finds it out for itself. */
    void addPeer(Peer peer);

    /** Called once the node is ready for the first time. */
    void nodeReady() throws Exception;

    /** Ends what forwards and balances packets here, as a failure would; configuration and pods stay. */
    void stop() throws Exception;

    /** Undoes {@link #stop}. */
    void startAgain() throws Exception;

    /** The processes of this network. */
    List<Daemon> daemons() throws IOException;
}
