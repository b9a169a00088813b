package io.weft.dataplane.node;

import io.weft.dataplane.counters.NodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.state.PortDirectory;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.UdpHeader;

/** The short way's {@code ethernet-input}: tells frames of pods, by all that a pod's plain frames have in common, and those of the uplink apart. */
final class PlainEthernet extends PlainStage {
    private static final long LOW_32 = 0xFFFF_FFFFL;
    private static final int LEAST = EthernetHeader.LENGTH + Ipv4Header.LENGTH + UdpHeader.LENGTH;
    private static final int SOURCE_AT = EthernetHeader.LENGTH + 12;

    private final Turn turn;

    PlainEthernet(Turn turn) {
        super(NodeId.ETHERNET_INPUT);
        this.turn = turn;
    }

    /** Sets {@link PlainFrames#IP} of every frame, and where it is not 0 {@link PlainFrames#REMAINING} and {@link PlainFrames#TRAITS}. */
    @Override
    int process(FrameBatch batch, PlainFrames frames) {
        int size = batch.size;
        long[] at = batch.at;
        int[] length = batch.length;
        int[] port = batch.port;
        long[] words = frames.words;
        long[] pods = turn.ports().plainPods();
        for (int frame = 0; frame < size; frame++) {
            int line = frame * PlainFrames.WORDS;
            int ingress = port[frame];
            int remaining = length[frame] - EthernetHeader.LENGTH;
            long ip = 0;
            if (ingress == PortDirectory.UPLINK_PORT) {
                frames.uplink.add(frame);
            } else if (remaining >= LEAST - EthernetHeader.LENGTH) {
                long first = Memory.address(at[frame]);
                int pod = ingress * PortDirectory.PLAIN_WORDS;
                long odd = Memory.nativeI64(first) ^ pods[pod] | Memory.nativeI64(first + 6) ^ pods[pod + 1]
                    | (Memory.nativeI32(first + SOURCE_AT) ^ pods[pod + 2]) & LOW_32;
                ip = odd == 0 ? first + EthernetHeader.LENGTH : 0;
            }
            words[line + PlainFrames.IP] = ip;
            words[line + PlainFrames.REMAINING] = remaining;
            words[line + PlainFrames.TRAITS] = ingress;
        }
        return size;
    }
}
