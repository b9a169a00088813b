package io.weft.perf.compare;

import java.nio.file.Path;

/**
 * Where frames come out, and what they have to look like there.
 *
 * @param device the receiver's end of a veth
 * @param port UDP destination port of the sender's packet by then
 * @param tunnelled whether that packet lies in a VXLAN packet to {@link #TUNNEL_PORT}
 */
record EgressPort(Path netns, String device, int port, boolean tunnelled) {
    static final int TUNNEL_PORT = 8472;
}
