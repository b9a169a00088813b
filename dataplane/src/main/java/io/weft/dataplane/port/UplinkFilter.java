package io.weft.dataplane.port;

/**
 * Decides which of the uplink's frames are Weft's: the tunnel's, to the node's address, and those to ports that masqueraded flows use. All
 * others belong to the kernel. A change needs no system call.
 *
 * <p>Threads: the conductor; {@link io.weft.lb.nat.SnatPorts} changes the bitmaps.
 */
public interface UplinkFilter {
    /**
     * Sets the address of Weft's frames, and which of them are the tunnel's. Before the first call, no frame is Weft's.
     *
     * @param tunnelProtocol IP protocol of the tunnel's packets
     * @param tunnelPort their destination port if that is UDP; otherwise unused
     */
    void setTarget(int nodeAddress, int tunnelProtocol, int tunnelPort);

    /** Native address of {@link io.weft.lb.nat.SnatPorts#BITMAPS_LENGTH} bytes: the ports and identifiers that masqueraded flows use. */
    long snatBitmaps();
}
