package io.weft.dataplane.port;

/**
 * Decides which of the uplink's frames are Weft's: those to the tunnel's port at the node's address, and those to ports that masqueraded
 * flows use. All others belong to the kernel. A change needs no system call.
 *
 * <p>Threads: the conductor; {@link io.weft.lb.nat.SnatPorts} changes the bitmaps.
 */
public interface UplinkFilter {
    /** Sets the address and the tunnel port of Weft's frames. Before the first call, no frame is Weft's. */
    void setTarget(int nodeAddress, int tunnelPort);

    /** Native address of {@link io.weft.lb.nat.SnatPorts#BITMAPS_LENGTH} bytes: the ports and identifiers that masqueraded flows use. */
    long snatBitmaps();
}
