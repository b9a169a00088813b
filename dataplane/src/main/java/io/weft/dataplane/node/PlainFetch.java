package io.weft.dataplane.node;

import io.weft.dataplane.counters.NodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.state.PortDirectory;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;

/**
 * The short way's {@code ethernet-input}: loads the headers of all frames into columns, and compares what all plain frames of a pod have in common.
 *
 * <p>Frames come from the core that received them, so each is a cache miss; in a loop as short as this one they are under way at the same time
 * (Java has no prefetch).
 */
final class PlainFetch extends PlainStage {
    private static final long LOW_32 = 0xFFFF_FFFFL;

    private final Turn turn;

    PlainFetch(Turn turn) {
        super(NodeId.ETHERNET_INPUT);
        this.turn = turn;
    }

    /**
     * The words of a frame that is shorter than they are come from what else is in its chunk, and are not used: {@link PlainInput} compares lengths.
     */
    @Override
    int process(FrameBatch batch, PlainFrames frames) {
        long[] words = frames.words;
        int size = batch.size;
        long[] at = batch.at;
        int[] length = batch.length;
        int[] port = batch.port;
        long[] pods = turn.ports().plainPods();
        long uplink = 0;
        for (int frame = 0; frame < size; frame++) {
            long first = Memory.address(at[frame]);
            long ip = first + EthernetHeader.LENGTH;
            int ingress = port[frame];
            int pod = ingress * PortDirectory.PLAIN_WORDS;
            long header1 = Memory.nativeI64(ip + 8);
            words[PlainFrames.ODD + frame] = Memory.nativeI64(first) ^ pods[pod]
                | Memory.nativeI64(first + 6) ^ pods[pod + 1]
                | header1 >>> 32 ^ pods[pod + 2] & LOW_32;
            words[PlainFrames.HEADER0 + frame] = Memory.nativeI64(ip);
            words[PlainFrames.HEADER1 + frame] = header1;
            words[PlainFrames.HEADER2 + frame] = Memory.nativeI64(ip + 16);
            words[PlainFrames.HEADER3 + frame] = Memory.nativeI64(ip + 24);
            words[PlainFrames.HEADER4 + frame] = Memory.nativeI64(ip + 32);
            words[PlainFrames.IP + frame] = ip;
            words[PlainFrames.REMAINING + frame] = (long) length[frame] - EthernetHeader.LENGTH;
            words[PlainFrames.INGRESS + frame] = ingress;
            if (ingress == PortDirectory.UPLINK_PORT) {
                uplink |= PlainFrames.bit(frame);
            }
        }
        frames.uplink = uplink;
        return size;
    }
}
