package io.weft.dataplane.capture.command;

import io.weft.dataplane.capture.FrameFilter;
import io.weft.dataplane.config.CommandWords;
import io.weft.dataplane.explain.NodeNames;
import io.weft.dataplane.table.PortSpec;
import io.weft.encap.address.IpAddress;
import io.weft.encap.packet.IpProtocol;
import java.util.Locale;
import java.util.Optional;

/** The options that say which frames are meant, for every command that looks at frames. Errors are {@link IllegalArgumentException}s of one line. */
public final class FilterOptions {
    public static final String USAGE = """
          --pod NAMESPACE/NAME   frames of this pod's port, and those with its address elsewhere; an address will do too
          --in PORT              frames at this port: uplink, weft-host, a device or a port number (weft show ports)
          --host ADDRESS         packets from or to this address, also inside a tunnel
          --port N               TCP or UDP packets from or to this port, also inside a tunnel
          --protocol NAME        tcp, udp, icmp or a number
        """;

    private String pod = "";
    private String port = "";
    private int host;
    private int l4Port = FrameFilter.ANY;
    private int protocol = FrameFilter.ANY;

    /** @return whether it is one of these */
    public boolean accepts(String option, CommandWords rest) {
        switch (option) {
            case "--pod" -> pod = rest.value(option);
            case "--in" -> port = rest.value(option);
            case "--host" -> host = host(rest.value(option));
            case "--port" -> l4Port = rest.number(option, 0, 65_535);
            case "--protocol" -> protocol = protocol(rest.value(option));
            default -> {
                return false;
            }
        }
        return true;
    }

    /** @throws IllegalArgumentException if the node has no such pod or port */
    public FrameFilter.Spec spec(NodeNames names) {
        Optional<PortSpec> ofPod = pod.isEmpty() ? Optional.empty() : Optional.of(names.pod(pod).orElseThrow(
            () -> new IllegalArgumentException(
                "--pod " + pod + ": no pod of this node has this name or address; weft show ports lists them")));
        int portId = port.isEmpty() ? FrameFilter.ANY
            : names.portId(port).orElseThrow(() -> new IllegalArgumentException(
                "--in " + port + ": no open port has this device or number; weft show ports lists them"));
        return new FrameFilter.Spec(ofPod.map(PortSpec::id).orElse(FrameFilter.ANY),
            ofPod.map(spec -> spec.podIp().toInt()).orElse(0), portId, host, l4Port, protocol);
    }

    private static int host(String address) {
        return IpAddress.parse(address).filter(IpAddress::isIpv4)
            .orElseThrow(() -> new IllegalArgumentException("--host " + address + " is no IPv4 address")).toInt();
    }

    private static int protocol(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "tcp" -> IpProtocol.IPPROTO_TCP;
            case "udp" -> IpProtocol.IPPROTO_UDP;
            case "icmp" -> IpProtocol.IPPROTO_ICMP;
            default -> CommandWords.number("--protocol", name, 0, 255);
        };
    }
}
