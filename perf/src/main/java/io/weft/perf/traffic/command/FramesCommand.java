package io.weft.perf.traffic.command;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.MacAddress;
import io.weft.perf.traffic.Flows;
import io.weft.perf.traffic.FrameSizes;
import io.weft.perf.traffic.FrameSpec;
import io.weft.perf.traffic.FrameTemplate;
import io.weft.perf.traffic.Tunnel;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code weft bench frames}: writes test frames into a capture file, for generators that replay one. Needs no privileges. */
@Command(name = "frames", description = "Write test frames, one of each flow, into a capture file (pcap) that other generators can replay", mixinStandardHelpOptions = true)
public final class FramesCommand implements Callable<Integer> {
    private static final int PCAP_MAGIC = 0xA1B2_C3D4; // draft-ietf-opsawg-pcap section 4
    private static final int PCAP_MAJOR = 2;
    private static final int PCAP_MINOR = 4;
    private static final int LINKTYPE_ETHERNET = 1;
    private static final int SNAP_LENGTH = 65_535;
    private static final int FIRST_PORT = 1024;
    private static final int PORTS = 64_512;
    private static final String LOCAL_MAC = "02:00:00:00:00:0a";

    @Option(names = "--to", required = true, paramLabel = "FILE", description = "the capture") private Path file;

    @Option(names = "--flows", defaultValue = "1000", description = "UDP flows (default: ${DEFAULT-VALUE})") private int flows;

    @Option(names = "--size", defaultValue = "64", description = "frame size with the FCS, or imix (default: ${DEFAULT-VALUE})") private String size;

    @Option(names = "--mtu", defaultValue = "1450", description = "MTU to which imix is cut (default: ${DEFAULT-VALUE})") private int mtu;

    @Option(names = "--dst-mac", required = true) private String destinationMac;

    @Option(names = "--src-mac", defaultValue = LOCAL_MAC) private String sourceMac;

    @Option(names = "--src", required = true, description = "source address") private String source;

    @Option(names = "--dst", required = true, description = "destination address") private String destination;

    @Option(names = "--port", defaultValue = "4000", description = "UDP port (default: ${DEFAULT-VALUE})") private int port;

    @Option(names = "--tunnel-dst", description = "put the frames into VXLAN towards this address") private String tunnelDestination;

    @Option(names = "--tunnel-src", description = "outer source address") private String tunnelSource;

    @Option(names = "--tunnel-dst-mac", description = "outer destination MAC address") private String tunnelDestinationMac;

    @Option(names = "--vni", defaultValue = "1") private int vni;

    @Option(names = "--vxlan-port", defaultValue = "8472") private int vxlanPort;

    @Override
    public Integer call() throws IOException {
        Flows all = new Flows(flows, PORTS, FIRST_PORT, Flows.Spread.DESTINATION_PORT, false, 1);
        FrameSpec plain = new FrameSpec(MacAddress.of(destinationMac), MacAddress.of(sourceMac), Ipv4Address.of(source),
            Ipv4Address.of(destination), port, all, FrameSizes.parse(size, mtu));
        write(tunnelDestination == null ? plain : plain.in(tunnel()));
        return 0;
    }

    private Tunnel tunnel() {
        if (tunnelSource == null || tunnelDestinationMac == null) {
            throw new IllegalArgumentException("--tunnel-dst needs --tunnel-src and --tunnel-dst-mac");
        }
        return new Tunnel(MacAddress.of(tunnelDestinationMac), MacAddress.of(sourceMac), Ipv4Address.of(tunnelSource),
            Ipv4Address.of(tunnelDestination), vxlanPort, vni);
    }

    private void write(FrameSpec spec) throws IOException {
        List<FrameTemplate> pattern = spec.sizes().pattern().stream().map(each -> new FrameTemplate(spec, each))
            .toList();
        try (DataOutputStream out = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file)));
            Arena arena = Arena.ofConfined()) {
            out.writeInt(PCAP_MAGIC);
            out.writeShort(PCAP_MAJOR);
            out.writeShort(PCAP_MINOR);
            out.writeLong(0); // time zone, accuracy
            out.writeInt(SNAP_LENGTH);
            out.writeInt(LINKTYPE_ETHERNET);
            MemorySegment frame = arena.allocate(SNAP_LENGTH, Long.BYTES);
            for (int flow = 0; flow < flows; flow++) {
                FrameTemplate template = pattern.get(flow % pattern.size());
                template.write(frame.address(), flow, 0, flow, 0);
                out.writeLong(0); // no time
                out.writeInt(template.length());
                out.writeInt(template.length());
                out.write(frame.asSlice(0, template.length()).toArray(JAVA_BYTE));
            }
        }
    }
}
