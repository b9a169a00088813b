package io.weft.perf.compare;

import io.weft.encap.address.Ipv4Address;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.netlink.Ethtool;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import java.nio.file.Path;
import java.util.List;

/**
 * Three network namespaces in a row, for systems other than Weft: source, node, sink. The veths between them have one queue and no
 * offloads; all neighbours are static.
 *
 * <pre>source 10.1.0.2 ── 10.1.0.1 near | node | far 10.2.0.1 ── 10.2.0.2 sink</pre>
 *
 * No two systems share a device, because a veth stays in threaded mode after its NAPI thread is gone.
 */
final class VethLab implements AutoCloseable {
    static final int SOURCE = Ipv4Address.of("10.1.0.2");
    static final int SINK = Ipv4Address.of("10.2.0.2");
    static final int FAR = Ipv4Address.of("10.2.0.1");
    static final long FAR_MAC = 0x02_00_00_00_00_B1L;
    static final long SINK_MAC = 0x02_00_00_00_00_51L;
    private static final int NEAR = Ipv4Address.of("10.1.0.1");
    private static final long SOURCE_MAC = 0x02_00_00_00_00_C1L;
    private static final long NEAR_MAC = 0x02_00_00_00_00_A1L;
    private static final int MTU = 1500;
    private static final int PREFIX_LENGTH = 24;
    private static final int RT_SCOPE_UNIVERSE = 0;
    private static final List<String> OFFLOADS = List.of("tx", "rx", "gro", "gso", "tso");

    private final String id;
    private final Path source;
    private final Path node;
    private final Path sink;

    private VethLab(String id) {
        this.id = id;
        source = NetworkNamespace.named(id + "-source");
        node = NetworkNamespace.named(id + "-node");
        sink = NetworkNamespace.named(id + "-sink");
    }

    /** @param id prefix of namespaces and devices, up to 8 letters and digits */
    static VethLab create(String id) {
        VethLab lab = new VethLab(id);
        try {
            lab.build();
            return lab;
        } catch (RuntimeException e) {
            lab.close();
            throw e;
        }
    }

    private void build() {
        for (Path namespace : List.of(source, node, sink)) {
            NetworkNamespace.create(namespace);
            NetworkNamespace.run(namespace, () -> Sysctl.write("net/ipv6/conf/default/disable_ipv6", "1"));
        }
        connect(node, near(), NEAR_MAC, source, sourceDevice(), SOURCE_MAC);
        connect(node, far(), FAR_MAC, sink, sinkDevice(), SINK_MAC);
        address(source, sourceDevice(), SOURCE, NEAR, NEAR_MAC);
        address(node, near(), NEAR, SOURCE, SOURCE_MAC);
        address(node, far(), FAR, SINK, SINK_MAC);
        address(sink, sinkDevice(), SINK, FAR, FAR_MAC);
    }

    private static void connect(Path here, String name, long mac, Path there, String peer, long peerMac) {
        try (Rtnetlink links = Rtnetlink.openIn(here);
            NetworkNamespace target = NetworkNamespace.open(there)) {
            links.createVeth(VethSpec.of(name, peer).withMtu(MTU).withQueues(1).withMac(mac).withPeerMac(peerMac)
                .withPeerNamespace(target.fd()));
        }
        for (Path end : List.of(here, there)) {
            try (Ethtool settings = Ethtool.openIn(end)) {
                OFFLOADS.forEach(offload -> settings.setFeature(end.equals(here) ? name : peer, offload, false));
            }
        }
    }

    private static void address(Path namespace, String device, int own, int neighbour, long neighbourMac) {
        try (Rtnetlink links = Rtnetlink.openIn(namespace)) {
            Link link = links.link(device).orElseThrow();
            links.addAddress(link.index(), own, PREFIX_LENGTH, RT_SCOPE_UNIVERSE);
            links.setUp(link.index());
            links.replaceNeighbour(link.index(), neighbour, neighbourMac);
        }
    }

    /** Adds an address behind the far device, at the sink. */
    void alsoAtSink(int address) {
        try (Rtnetlink links = Rtnetlink.openIn(node)) {
            links.replaceNeighbour(links.link(far()).orElseThrow().index(), address, SINK_MAC);
        }
    }

    /** Routes everything for {@code destination} to the sink. */
    void routeToSink(int destination, int prefixLength) {
        try (Rtnetlink links = Rtnetlink.openIn(node)) {
            links.replaceRoute(Route.to(destination, prefixLength).via(SINK, links.link(far()).orElseThrow().index()));
        }
    }

    boolean hasProgramOnNear() {
        try (Rtnetlink links = Rtnetlink.openIn(node)) {
            return links.link(near()).orElseThrow().xdpProgramId() != 0;
        }
    }

    IngressPort ingress(int destination, int port) {
        return new IngressPort(source, sourceDevice(), NEAR_MAC, SOURCE_MAC, SOURCE, destination, port);
    }

    EgressPort egress(int port, boolean tunnelled) {
        return new EgressPort(sink, sinkDevice(), port, tunnelled);
    }

    Path node() {
        return node;
    }

    /** The node's device towards the source. */
    String near() {
        return id + "n";
    }

    /** The node's device towards the sink. */
    String far() {
        return id + "f";
    }

    private String sourceDevice() {
        return id + "s";
    }

    private String sinkDevice() {
        return id + "k";
    }

    @Override
    public void close() {
        List.of(source, node, sink).forEach(NetworkNamespace::delete);
    }
}
