package io.weft.perf.micro;

import io.weft.dataplane.frame.FrameBatch;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.TcpHeader;
import io.weft.encap.packet.UdpHeader;

/**
 * Writes the frames of a case, as a receiver would: from a template, varied by the flow's addresses and client port. Checksums stay right
 * without being computed: the complement of what changes is stored in fields that nothing looks at, the IPv4 identification and the
 * payload.
 *
 * <p>One <i>word</i> identifies a frame: the flow's number and, for frames from the tunnel, the number of the backend.
 *
 * <p>Thread: one worker. Allocation: none in {@link #add}.
 */
abstract class Frames {
    /** The shortest frame: 64 bytes with the FCS. */
    static final int LENGTH = 60;
    static final int IP = EthernetHeader.LENGTH;
    static final int L4 = IP + Ipv4Header.LENGTH;
    static final int SOURCE_PORT = L4;
    static final int DESTINATION_PORT = L4 + 2;

    static final int IP_ID = IP + 4;
    static final int SOURCE_LOW = IP + 14;
    private static final int DESTINATION_LOW = IP + 18;
    private static final int L4_LENGTH = LENGTH - L4;
    private static final int FLOW_BITS = 22;
    private static final int PORTS_PER_POD = 1 << 14;
    private static final int FIRST_CLIENT_PORT = 16_384;
    private static final int NUMBER = 1_000;
    private static final int WINDOW = 65_535;

    private final long[] template;
    private final int balance;

    /**
     * @param composed the first frame
     * @param varied bytes from its start that must be written again for each frame
     */
    Frames(long composed, int varied, int protocol) {
        template = new long[(varied + Long.BYTES - 1) / Long.BYTES];
        for (int word = 0; word < template.length; word++) {
            template[word] = Memory.nativeI64(composed + (long) word * Long.BYTES);
        }
        balance = balance(protocol);
    }

    /** Writes a frame and adds it to the batch, which has room. */
    abstract void add(FrameBatch batch, long at, int word);

    // -- words ---------------------------------------------------------------------------------------------------------

    static int word(int flow, int backend) {
        return backend << FLOW_BITS | flow;
    }

    static int flow(int word) {
        return word & (1 << FLOW_BITS) - 1;
    }

    static int backend(int word) {
        return word >>> FLOW_BITS;
    }

    /** Number of pods that these flows come from. */
    static int pods(int flows) {
        return (flows + PORTS_PER_POD - 1) / PORTS_PER_POD;
    }

    static int pod(int flow) {
        return flow / PORTS_PER_POD;
    }

    static int podIp(int flow) {
        return NodeSetup.FIRST_POD_IP + pod(flow);
    }

    static int clientPort(int flow) {
        return FIRST_CLIENT_PORT + (flow & PORTS_PER_POD - 1);
    }

    // -- bytes ---------------------------------------------------------------------------------------------------------

    final void writeTemplate(long at) {
        for (int word = 0; word < template.length; word++) {
            Memory.putNativeI64(at + (long) word * Long.BYTES, template[word]);
        }
    }

    final void vary(long at, int source, int destination, int portOffset, int port) {
        vary(at, balance, source, destination, portOffset, port);
    }

    /** Lower halves of the addresses and one port, and two words of payload and the identification for balance. */
    private static void vary(long at, int balance, int source, int destination, int portOffset, int port) {
        int complement = ~InternetChecksum.addDelta(source & 0xFFFF, destination & 0xFFFF);
        Memory.putU16(at + IP_ID, complement);
        Memory.putU16(at + SOURCE_LOW, source);
        Memory.putU16(at + DESTINATION_LOW, destination);
        Memory.putU16(at + portOffset, port);
        Memory.putU16(at + balance, ~port);
        Memory.putU16(at + balance + 2, complement);
    }

    /** A complete frame with right checksums, from which {@link #vary} makes all others with the same MACs, protocol and other port. */
    static void compose(long at, long destinationMac, long sourceMac, int protocol, int tcpFlags, int source,
        int destination, int portOffset, int otherPort) {
        EthernetHeader.write(at, destinationMac, sourceMac, EthernetHeader.ETH_P_IP);
        Ipv4Header.write(at + IP, 0, LENGTH - IP, protocol, source, destination);
        if (protocol == IpProtocol.IPPROTO_TCP) {
            TcpHeader.write(at + L4, otherPort, otherPort, NUMBER, NUMBER, tcpFlags, WINDOW);
        } else {
            UdpHeader.write(at + L4, otherPort, otherPort, L4_LENGTH);
        }
        vary(at, balance(protocol), source, destination, portOffset, FIRST_CLIENT_PORT);
        Ipv4Header.writeChecksum(at + IP);
        int checksum = InternetChecksum.l4(at + IP, at + L4, L4_LENGTH);
        if (protocol == IpProtocol.IPPROTO_TCP) {
            TcpHeader.setChecksum(at + L4, checksum);
        } else {
            UdpHeader.setChecksum(at + L4, checksum);
        }
    }

    /** Offset of the payload. */
    private static int balance(int protocol) {
        return L4 + (protocol == IpProtocol.IPPROTO_TCP ? TcpHeader.LENGTH : UdpHeader.LENGTH);
    }
}
