package io.weft.dataplane.port;

/**
 * Which of the uplink's frames are Weft's: those for the tunnel's port at the node's address, and those for ports that masqueraded flows have.
 * Everything else stays the kernel's. A change costs no system call.
 *
 * <p>Threads: the conductor; the bitmaps are changed by {@link io.weft.lb.nat.SnatPorts}.
 */
public interface UplinkFilter {
    /** Nothing is Weft's until the first call. */
    void setTarget(int nodeAddress, int tunnelPort);

    /** Native address of {@link io.weft.lb.nat.SnatPorts#BITMAPS_LENGTH} bytes: the ports and identifiers that masqueraded flows have. */
    long snatBitmaps();
}
