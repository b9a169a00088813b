package io.weft.dataplane.port;

import io.weft.encap.address.IpPrefix;
import java.util.List;

/**
 * Decides which of the uplink's frames are Weft's: the tunnel's, to the node's address; those to ports that masqueraded flows use; those to
 * Services. All others belong to the kernel.
 *
 * <p>Threads: the conductor; {@link io.weft.lb.nat.SnatPorts} changes the bitmaps.
 */
public interface UplinkFilter {
    /** Maximum number of {@linkplain #setServiceCidrs service CIDRs}. */
    int MAX_SERVICE_CIDRS = 17;

    /**
     * Sets the address of Weft's frames, and which of them are the tunnel's. Before the first call, no frame is Weft's.
     *
     * @param tunnelProtocol IP protocol of the tunnel's packets
     * @param tunnelPort their destination port if that is UDP; otherwise unused
     */
    void setTarget(int nodeAddress, int tunnelProtocol, int tunnelPort);

    /** Native address of {@link io.weft.lb.nat.SnatPorts#BITMAPS_LENGTH} bytes: the ports and identifiers that masqueraded flows use. */
    long snatBitmaps();

    /**
     * Replaces the prefixes of ClusterIPs: every packet to them is Weft's.
     *
     * @param prefixes at most {@link #MAX_SERVICE_CIDRS}
     */
    void setServiceCidrs(List<IpPrefix> prefixes);

    /**
     * Takes the packets to a frontend of a Service, ICMP errors that quote the frontend as their packet's source, and all fragments to its
     * address.
     *
     * @param protocol TCP or UDP
     * @return false if there is no room for another
     */
    boolean addFrontend(int address, int port, int protocol);

    /** How many frontends and addresses of frontends there is room for, together. */
    int maxFrontends();

    /** Undoes {@link #addFrontend}. */
    void removeFrontend(int address, int port, int protocol);
}
