package io.weft.dataplane.conductor;

import io.weft.dataplane.config.PortRange;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.nat.SnatPorts;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.netlink.SocketDiag;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.BitSet;

/**
 * Keeps the ports that the node's own processes have out of masquerading: asks the kernel for their sockets and blocks what lies in the range.
 * A flow that has a port when a process takes it keeps it. While the kernel cannot answer, the answer before stays in force.
 *
 * <p>Thread: the conductor, in the node's network namespace. Cold code.
 */
final class NodePorts implements AutoCloseable {
    private static final Logger LOG = System.getLogger(NodePorts.class.getName());
    private static final String LOCAL_RANGE = "net/ipv4/ip_local_port_range";

    private final SocketDiag sockets;
    private final SnatPorts snatPorts;
    private final PortRange range;
    private final BitSet tcp = new BitSet();
    private final BitSet udp = new BitSet();
    private final BitSet unanswered = new BitSet(); // by protocol

    NodePorts(SocketDiag sockets, SnatPorts snatPorts, PortRange range) {
        this.sockets = sockets;
        this.snatPorts = snatPorts;
        this.range = range;
    }

    /** @throws SetupException when the kernel gives the same ports to the node's own processes */
    void requireOwnRange() {
        String[] ends = Sysctl.read(LOCAL_RANGE).strip().split("\\s+");
        PortRange kernels = new PortRange(Integer.parseInt(ends[0]), Integer.parseInt(ends[1]));
        if (kernels.overlaps(range)) {
            throw new SetupException("snat.ports: " + range + " overlaps the kernel's own ports " + kernels
                + ": set another range, or end the kernel's before it (sysctl -w net.ipv4.ip_local_port_range=\""
                + Math.min(kernels.first(), range.first() - 1) + " " + (range.first() - 1) + "\")");
        }
    }

    /** Blocks what waits for connections or is UDP: what a process of the node is reached at. Microseconds. */
    void block() {
        BitSet listening = ask(IpProtocol.IPPROTO_TCP, SocketDiag.States.LISTENING, tcp);
        listening.or(tcp);
        change(IpProtocol.IPPROTO_TCP, tcp, listening);
        change(IpProtocol.IPPROTO_UDP, udp, ask(IpProtocol.IPPROTO_UDP, SocketDiag.States.ALL, udp));
    }

    /** Blocks what any TCP socket has, connected ones too, and gives back the rest. The kernel walks its whole hash of connections. */
    void refresh() {
        change(IpProtocol.IPPROTO_TCP, tcp, ask(IpProtocol.IPPROTO_TCP, SocketDiag.States.ALL, tcp));
    }

    @Override
    public void close() {
        sockets.close();
    }

    private BitSet ask(int protocol, SocketDiag.States states, BitSet before) {
        try {
            BitSet ports = sockets.localPorts(protocol, states, range.first(), range.last());
            unanswered.clear(protocol);
            return ports;
        } catch (LinuxException e) {
            if (!unanswered.get(protocol)) {
                unanswered.set(protocol);
                LOG.log(Level.WARNING, "ports of the node''s processes are not kept out of snat.ports: {0}",
                    e.getMessage());
            }
            return (BitSet) before.clone();
        }
    }

    private void change(int protocol, BitSet before, BitSet now) {
        BitSet gone = (BitSet) before.clone();
        gone.andNot(now);
        gone.stream().forEach(port -> snatPorts.unblock(protocol, port));
        now.stream().filter(port -> !before.get(port)).forEach(port -> snatPorts.block(protocol, port));
        before.clear();
        before.or(now);
    }
}
