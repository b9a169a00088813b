package io.weft.vmlab.lab;

import io.weft.nativebindings.bpf.BpfLink;
import io.weft.nativebindings.bpf.BpfProgram;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The network between the nodes: a bridge in a namespace of its own, one veth from it to each host's uplink. */
public final class Underlay implements AutoCloseable {
    private static final String BRIDGE = "br0";
    private static final int RT_SCOPE_UNIVERSE = 0;
    private final Path namespace;
    private final List<BpfLink> blocks = new ArrayList<>();

    private Underlay(Path namespace) {
        this.namespace = namespace;
    }

    public static Underlay create(String namespaceName) {
        Path namespace = NetworkNamespace.named(namespaceName);
        NetworkNamespace.create(namespace);
        try (Rtnetlink underlay = Rtnetlink.openIn(namespace)) {
            underlay.setUp(underlay.createBridge(BRIDGE).index());
        }
        return new Underlay(namespace);
    }

    /** The namespace of the bridge; a capture there sees every frame between the nodes. */
    public Path namespace() {
        return namespace;
    }

    /** The bridge's port towards {@code host}; a capture there sees that host's frames in both directions. */
    public static String portOf(LabPlan.Host host) {
        return "to-" + host.name();
    }

    /** Drops every tunnel packet that {@code host} sends from now on, until the lab is removed. */
    public void blockTunnelFrom(LabPlan.Host host) {
        NetworkNamespace.run(namespace, () -> {
            try (Rtnetlink bridge = Rtnetlink.open();
                BpfProgram program = TunnelBlock.load()) {
                blocks.add(
                    BpfLink.attachXdp(program, bridge.link(portOf(host)).orElseThrow().index(), BpfLink.Mode.NATIVE));
            }
        });
    }

    /** Creates the namespace of {@code host} with an uplink of {@code queues} queues and the host's underlay address. */
    public Path connect(LabPlan.Host host, int queues) {
        Path hostNamespace = NetworkNamespace.named(host.namespace());
        NetworkNamespace.create(hostNamespace);
        try (Rtnetlink underlay = Rtnetlink.openIn(namespace);
            Rtnetlink inHost = Rtnetlink.openIn(hostNamespace);
            NetworkNamespace target = NetworkNamespace.open(hostNamespace)) {
            Link port = underlay.createVeth(VethSpec.of(portOf(host), LabPlan.UPLINK)
                .withMtu(LabPlan.UNDERLAY_MTU)
                .withQueues(queues)
                .withPeerNamespace(target.fd()));
            underlay.setMaster(port.index(), underlay.link(BRIDGE).orElseThrow().index());
            underlay.setUp(port.index());
            int loopback = inHost.link("lo").orElseThrow().index();
            inHost.setUp(loopback);
            int uplink = inHost.link(LabPlan.UPLINK).orElseThrow().index();
            inHost.addAddress(uplink, LabPlan.number(host.address()), LabPlan.UNDERLAY_PREFIX_LENGTH,
                RT_SCOPE_UNIVERSE);
            inHost.setUp(uplink);
        }
        return hostNamespace;
    }

    @Override
    public void close() {
        blocks.forEach(BpfLink::close);
    }
}
