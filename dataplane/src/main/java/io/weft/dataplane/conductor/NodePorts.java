package io.weft.dataplane.conductor;

import io.weft.dataplane.config.PortRange;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.nat.SnatPorts;
import io.weft.nativebindings.linux.Sysctl;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.stream.Stream;

/**
 * Keeps the ports that the node's own processes have out of masquerading: reads the kernel's socket lists now and then and blocks what lies in
 * the range. A process that takes a port while a masqueraded flow has it waits for that flow to end.
 *
 * <p>Thread: the conductor, in the node's network namespace. Cold code.
 */
final class NodePorts {
    private static final String LOCAL_RANGE = "net/ipv4/ip_local_port_range";
    private static final Path LISTS = Path.of("/proc/thread-self/net");

    private final SnatPorts snatPorts;
    private final PortRange range;
    private final BitSet tcp = new BitSet();
    private final BitSet udp = new BitSet();

    NodePorts(SnatPorts snatPorts, PortRange range) {
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

    void refresh() {
        change(IpProtocol.IPPROTO_TCP, tcp, inUse("tcp", "tcp6"));
        change(IpProtocol.IPPROTO_UDP, udp, inUse("udp", "udp6"));
    }

    private void change(int protocol, BitSet before, BitSet now) {
        BitSet gone = (BitSet) before.clone();
        gone.andNot(now);
        gone.stream().forEach(port -> snatPorts.unblock(protocol, port));
        now.stream().filter(port -> !before.get(port)).forEach(port -> snatPorts.block(protocol, port));
        before.clear();
        before.or(now);
    }

    private BitSet inUse(String... lists) {
        BitSet ports = new BitSet();
        for (String list : lists) {
            Path file = LISTS.resolve(list);
            if (Files.exists(file)) { // a kernel may be without IPv6
                read(file, ports);
            }
        }
        return ports;
    }

    private void read(Path file, BitSet into) {
        try (Stream<String> lines = Files.lines(file)) {
            lines.skip(1).mapToInt(NodePorts::localPort).filter(range::contains).forEach(into::set);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Second column, address and port in hexadecimal; -1 when the line is none of the format. */
    private static int localPort(String line) {
        int colon = line.indexOf(':', line.indexOf(':') + 1);
        try {
            return colon < 0 ? -1 : Integer.parseInt(line, colon + 1, colon + 5, 16);
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            return -1;
        }
    }
}
