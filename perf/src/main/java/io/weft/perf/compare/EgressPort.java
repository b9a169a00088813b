package io.weft.perf.compare;

import java.nio.file.Path;

/**
 * Where frames come out, and what they must look like there.
 *
 * @param device the receiver's end of a veth
 * @param port expected UDP destination port of the sender's packet
 * @param tunnelled whether that packet is inside a VXLAN packet to {@link #TUNNEL_PORT}
 */
record EgressPort(Path netns, String device, int port, boolean tunnelled) {
    static final int TUNNEL_PORT = 8472;
}
