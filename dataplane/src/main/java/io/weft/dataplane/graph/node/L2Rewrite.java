package io.weft.dataplane.graph.node;

import io.weft.dataplane.frame.ChecksumRequest;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.state.EthernetWords;
import io.weft.dataplane.state.PortDirectory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.L4Checksum;

/** What the last nodes before {@code port-tx} share: the frame around a finished IPv4 packet. */
final class L2Rewrite {
    private L2Rewrite() {
    }

    /** Makes the frame start {@code linkLength} bytes before its IPv4 packet and end with it. */
    static void frame(FrameBatch batch, int frame, int linkLength) {
        long ip = batch.l3[frame];
        batch.at[frame] = ip - linkLength;
        batch.length[frame] = linkLength + Ipv4Header.totalLength(ip);
    }

    /** Towards a veth of this machine: {@link FrameBatch#txPort} is set. */
    static void local(FrameBatch batch, int frame, PortDirectory ports) {
        long ip = batch.l3[frame];
        long at = ip - EthernetHeader.LENGTH;
        int port = batch.txPort[frame];
        frame(batch, frame, EthernetHeader.LENGTH);
        EthernetWords.store(at, ports.ethernet0(port), ports.ethernet1(port));
        if ((batch.flags[frame] & FrameBatch.PARTIAL) != 0) {
            int start = (int) (batch.l4[frame] - at);
            batch.checksum[frame] = ChecksumRequest.of(start, L4Checksum.fieldOffset(Ipv4Header.protocol(ip)));
        }
    }

    /** Before a wire, where nobody else would. */
    static void completeChecksum(FrameBatch batch, int frame) {
        if ((batch.flags[frame] & FrameBatch.PARTIAL) != 0) {
            batch.completeChecksum(batch.l4[frame], batch.l4Length[frame], Ipv4Header.protocol(batch.l3[frame]));
        }
    }
}
