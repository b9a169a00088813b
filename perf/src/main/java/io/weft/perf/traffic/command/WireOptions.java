package io.weft.perf.traffic.command;

import io.weft.encap.address.IpAddress;
import io.weft.encap.address.MacAddress;
import io.weft.nativebindings.linux.KernelVersion;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.perf.traffic.FrameSizes;
import io.weft.perf.traffic.FrameSpec;
import io.weft.perf.traffic.FrameTemplate;
import io.weft.perf.traffic.bed.DirectBed;
import io.weft.perf.traffic.bed.LabBed;
import io.weft.perf.traffic.bed.Wire;
import io.weft.vmlab.lab.Privileges;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import picocli.CommandLine.Option;

/** What is between sender and receiver, and how frames are sent: options that the traffic commands share. */
final class WireOptions {
    private static final int DEFAULT_PORT = 4000;
    /** Live frames. */
    private static final int LIVE_MAJOR = 5;

    private static final int LIVE_MINOR = 18;

    /** What the frames are sent through. */
    enum Through { weft, linux, direct }

    /** Paths through Weft; the other systems only have the one to a pod on another node. */
    enum PacketPath {
        POD_POD("pod-pod", LabBed.Route.POD_POD),
        POD_REMOTE("pod-remote", LabBed.Route.POD_REMOTE),
        CLUSTERIP("clusterip", LabBed.Route.CLUSTERIP);

        private final String text;
        private final LabBed.Route route;

        PacketPath(String text, LabBed.Route route) {
            this.text = text;
            this.route = route;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    @Option(names = "--through", defaultValue = "weft", description = "what is between the devices, set up for the run: ${COMPLETION-CANDIDATES}; direct is a veth pair, the tool's own limit (default: ${DEFAULT-VALUE})") Through through;

    @Option(names = "--path", defaultValue = "pod-remote", description = "path through Weft: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})") PacketPath path;

    @Option(names = "--workers", defaultValue = "1", description = "workers of each Weft node (default: ${DEFAULT-VALUE})") private int workers;

    @Option(names = "--name", defaultValue = "bench", description = "name of the lab (default: ${DEFAULT-VALUE})") private String name;

    @Option(names = "--tx", paramLabel = "NETNS:DEVICE", description = "send from this device instead; needs --rx") private String tx;

    @Option(names = "--rx", paramLabel = "NETNS:DEVICE", description = "receive on this device; its UDP goes to the test while it runs") private String rx;

    @Option(names = "--src", paramLabel = "ADDRESS", description = "source address (with --tx)") private String source;

    @Option(names = "--dst", paramLabel = "ADDRESS", description = "destination address (with --tx)") private String destination;

    @Option(names = "--dst-mac", paramLabel = "MAC", description = "destination MAC address (with --tx)") private String destinationMac;

    @Option(names = "--src-mac", paramLabel = "MAC", description = "source MAC address (default: the device's)") private String sourceMac;

    @Option(names = "--port", defaultValue = ""
        + DEFAULT_PORT, description = "UDP port sent to (with --tx; default: ${DEFAULT-VALUE})") private int port;

    @Option(names = "--arrival-port", description = "UDP port with which the frames arrive, if different (with --tx)") private Integer arrivalPort;

    @Option(names = "--any-source", description = "flows may differ in their source address (with --tx)") private boolean anySource;

    @Option(names = "--engine", description = "how to send: ${COMPLETION-CANDIDATES}; afxdp as any program does, live from the kernel itself: several million frames per second") Optional<TrafficRun.Engine> engine;

    @Option(names = "--flows", defaultValue = "1", description = "UDP flows (default: ${DEFAULT-VALUE})") private int flows;

    @Option(names = "--round-robin", description = "use the flows round robin (default: draw each frame's flow at random)") private boolean roundRobin;

    @Option(names = "--groups", defaultValue = "1", description = "sequence groups within which order is checked; a power of two up to 256, at least the number of parallel paths (default: ${DEFAULT-VALUE})") private int groups;

    @Option(names = "--cpu", defaultValue = "-1", description = "processor to send on (default: any)") private int cpu;

    /** Work with one wire. */
    @FunctionalInterface
    interface Task<T> {
        T on(Wire wire) throws Exception;
    }

    /** Work with two wires. */
    @FunctionalInterface
    interface BothTask<T> {
        T on(List<Wire> wires) throws Exception;
    }

    /** Sets up what the options ask for, runs the task and removes it again. */
    <T> T with(String command, Task<T> task) throws Exception {
        Privileges.requireRoot(command);
        if (tx != null || rx != null) { return task.on(given()); }
        if (through == Through.direct) {
            try (DirectBed bed = new DirectBed(name)) {
                return task.on(bed.wire());
            }
        }
        require(through == Through.weft || path == PacketPath.POD_REMOTE, "--through linux has only --path pod-remote");
        try (LabBed bed = new LabBed(name, workers)) {
            return task.on(through == Through.weft ? bed.weft(path.route) : bed.linux());
        }
    }

    /** A path through Weft and the one through Linux, in one lab. */
    <T> T withBoth(String command, BothTask<T> task) throws Exception {
        Privileges.requireRoot(command);
        require(path == PacketPath.POD_REMOTE, "--beside-linux needs --path pod-remote, the only path that both have");
        try (LabBed bed = new LabBed(name, workers)) {
            return task.on(List.of(bed.weft(path.route), bed.linux()));
        }
    }

    private Wire given() {
        require(tx != null && rx != null, "--tx and --rx go together");
        require(destinationMac != null && source != null && destination != null,
            "--tx needs --src, --dst and --dst-mac");
        Path txNamespace = namespace(tx);
        String device = device(tx);
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(txNamespace)) {
            var link = rtnetlink.link(device).orElseThrow(() -> new IllegalArgumentException("--tx: no device " + tx));
            return new Wire("given", txNamespace, device, namespace(rx), device(rx), mac("--dst-mac", destinationMac),
                sourceMac == null ? link.mac() : mac("--src-mac", sourceMac), address("--src", source),
                address("--dst", destination), port, arrivalPort == null ? port : arrivalPort, link.mtu(), anySource);
        }
    }

    /** Frames of {@code size} as the wire allows them, with the requested engine, otherwise {@code otherwise}. */
    TrafficRun run(Wire wire, String size, TrafficRun.Engine otherwise) {
        FrameSpec frames = wire.frames(wire.flows(flows, !roundRobin, groups), FrameSizes.parse(size, wire.mtu()));
        int longest = wire.mtu() + FrameTemplate.ETHERNET_LENGTH + FrameSizes.FCS_LENGTH;
        require(frames.sizes().largest() <= longest,
            "frame size " + frames.sizes().largest() + ": " + wire.name() + " carries at most " + longest + "");
        return new TrafficRun(wire, frames, engine.orElseGet(() -> possible(otherwise)), cpu);
    }

    private static TrafficRun.Engine possible(TrafficRun.Engine wanted) {
        if (wanted == TrafficRun.Engine.afxdp || KernelVersion.current().isAtLeast(LIVE_MAJOR, LIVE_MINOR)) {
            return wanted;
        }
        System.err.println("weft: left out: the kernel's own generator, which needs Linux " + LIVE_MAJOR + "."
            + LIVE_MINOR + "; AF_XDP sends instead, more slowly");
        return TrafficRun.Engine.afxdp;
    }

    private static Path namespace(String place) {
        return NetworkNamespace.named(part(place, 0));
    }

    private static String device(String place) {
        return part(place, 1);
    }

    private static String part(String place, int index) {
        String[] parts = place.split(":", 2);
        require(parts.length == 2, "'" + place + "': must be NETNS:DEVICE");
        return parts[index];
    }

    private static long mac(String option, String text) {
        OptionalLong mac = MacAddress.parse(text);
        require(mac.isPresent(), option + ": not a MAC address: " + text);
        return mac.getAsLong();
    }

    private static int address(String option, String text) {
        Optional<IpAddress> address = IpAddress.parse(text).filter(IpAddress::isIpv4);
        require(address.isPresent(), option + ": not an IPv4 address: " + text);
        return address.get().toInt();
    }

    private static void require(boolean condition, String message) {
        if (!condition) { throw new IllegalArgumentException(message); }
    }
}
