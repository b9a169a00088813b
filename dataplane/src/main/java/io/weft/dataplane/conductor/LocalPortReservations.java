package io.weft.dataplane.conductor;

import io.weft.dataplane.config.KernelPorts;
import io.weft.dataplane.config.PortRange;
import io.weft.dataplane.config.PortRanges;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.nat.SnatPorts;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.netlink.SocketDiag;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.BitSet;

/**
 * Excludes the node's own ports from masquerading: ports of its processes' sockets, ports that the kernel assigns or an operator has
 * reserved ({@link KernelPorts}, read again periodically, because the settings may change), and the tunnel's port. If a process binds a
 * port that a flow uses, the flow keeps it. While the kernel does not answer, its last answer stays in force.
 *
 * <p>Thread: the conductor, in the node's network namespace. Cold code.
 */
final class LocalPortReservations implements AutoCloseable {
    private static final Logger LOG = System.getLogger(LocalPortReservations.class.getName());
    /** Minimum number of ports that must remain of a range that overlaps the kernel's. */
    private static final int MIN_PORTS = 1024;

    private final SocketDiag sockets;
    private final SnatPorts snatPorts;
    private final PortRanges ranges;
    private final BitSet pool;
    private final int tunnelPort;
    private BitSet kernels = new BitSet(); // those in the pool
    private final BitSet tcp = new BitSet();
    private final BitSet udp = new BitSet();
    private final BitSet unanswered = new BitSet(); // by protocol

    /** @param tunnelPort UDP port of the tunnel, which has no socket */
    LocalPortReservations(SocketDiag sockets, SnatPorts snatPorts, PortRanges ranges, int tunnelPort) {
        this.sockets = sockets;
        this.snatPorts = snatPorts;
        this.ranges = ranges;
        this.tunnelPort = tunnelPort;
        pool = ranges.toBitSet();
    }

    /** @throws SetupException if the kernel assigns so many of the ports that too few remain */
    void requireOwnPorts() {
        BitSet lost = kernelPorts();
        int left = ranges.size() - lost.cardinality();
        if (lost.isEmpty() || left >= MIN_PORTS) { return; }
        throw new SetupException("snat.ports: " + ranges + " overlaps the kernel's own ports "
            + KernelPorts.localRange(Sysctl.read(KernelPorts.LOCAL_RANGE)) + " and leaves " + left
            + ": set other ports, or shrink the kernel's (sysctl net.ipv4.ip_local_port_range,"
            + " net.ipv4.ip_local_reserved_ports)");
    }

    /**
     * Blocks the ports of listening TCP sockets and of UDP sockets, through which a process of the node can be reached. Microseconds.
     *
     * @return whether the kernel has listed all of them
     */
    boolean block() {
        BitSet listening = ask(IpProtocol.IPPROTO_TCP, SocketDiag.States.LISTENING, tcp);
        listening.or(tcp);
        change(IpProtocol.IPPROTO_TCP, tcp, listening);
        BitSet bound = ask(IpProtocol.IPPROTO_UDP, SocketDiag.States.ALL, udp);
        bound.set(tunnelPort, pool.get(tunnelPort));
        change(IpProtocol.IPPROTO_UDP, udp, bound);
        return unanswered.isEmpty();
    }

    /**
     * Reads the kernel's settings again, blocks the ports of all TCP sockets, including connected ones, and releases the others. The kernel
     * walks its whole connection hash.
     */
    void refresh() {
        readKernelPorts();
        change(IpProtocol.IPPROTO_TCP, tcp, ask(IpProtocol.IPPROTO_TCP, SocketDiag.States.ALL, tcp));
    }

    @Override
    public void close() {
        sockets.close();
    }

    private BitSet ask(int protocol, SocketDiag.States states, BitSet before) {
        try {
            BitSet ports = (BitSet) kernels.clone();
            for (PortRange range : ranges.ranges()) {
                ports.or(sockets.localPorts(protocol, states, range.first(), range.last()));
            }
            unanswered.clear(protocol);
            return ports;
        } catch (LinuxException e) {
            if (!unanswered.get(protocol)) {
                unanswered.set(protocol);
                LOG.log(Level.WARNING, "ports of the node''s processes are not kept out of snat.ports: {0}",
                    e.getMessage());
            }
            BitSet ports = (BitSet) before.clone();
            ports.or(kernels);
            return ports;
        }
    }

    private BitSet kernelPorts() {
        BitSet ports = KernelPorts.of(Sysctl.read(KernelPorts.LOCAL_RANGE), Sysctl.read(KernelPorts.RESERVED));
        ports.and(pool);
        return ports;
    }

    private void readKernelPorts() {
        BitSet now = kernelPorts();
        if (!now.equals(kernels) && !now.isEmpty()) {
            LOG.log(Level.WARNING,
                "snat.ports: {0} are the kernel''s own or reserved, and are not used: {1} ports are left",
                PortRanges.of(now), ranges.size() - now.cardinality());
        }
        kernels = now;
    }

    private void change(int protocol, BitSet before, BitSet now) {
        BitSet gone = (BitSet) before.clone();
        gone.andNot(now);
        gone.stream().forEach(port -> snatPorts.unblock(protocol, port));
        now.stream().filter(port -> !before.get(port)).forEach(port -> snatPorts.block(protocol, port));
        before.clear();
        before.or(now);
        snatPorts.recount(protocol);
    }
}
