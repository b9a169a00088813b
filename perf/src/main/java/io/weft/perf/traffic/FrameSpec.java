package io.weft.perf.traffic;

import java.util.Optional;

/**
 * The UDP frames of one generator. MAC addresses in the low 48 bits; addresses and ports host-numeric. With
 * {@link Flows.Spread#SOURCE_ADDRESS} the low 16 bits of the source address count up from those given.
 *
 * @param sizes of the frame that this describes; a tunnel adds its own 50 bytes
 */
public record FrameSpec(long destinationMac, long sourceMac, int source, int destination, int destinationPort,
    Flows flows,
    FrameSizes sizes, Optional<Tunnel> tunnel) {

    /** Frames without a tunnel. */
    public FrameSpec(long destinationMac, long sourceMac, int source, int destination, int destinationPort, Flows flows,
        FrameSizes sizes) {
        this(destinationMac, sourceMac, source, destination, destinationPort, flows, sizes, Optional.empty());
    }

    /** The same frames in a tunnel. */
    public FrameSpec in(Tunnel around) {
        return new FrameSpec(destinationMac, sourceMac, source, destination, destinationPort, flows, sizes,
            Optional.of(around));
    }

    public FrameSpec withSizes(FrameSizes other) {
        return new FrameSpec(destinationMac, sourceMac, source, destination, destinationPort, flows, other, tunnel);
    }
}
