package io.weft.controlplane.compiler;

import io.weft.controlplane.model.ClusterNode;
import io.weft.controlplane.model.Kind;
import io.weft.controlplane.model.ObjectKey;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.table.LocalNode;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.util.Optional;
import java.util.function.Function;

/** Configuration, machine and Node object → {@link LocalNode}. */
final class LocalNodeCompiler {
    /** As {@link LocalNode} has it. */
    private static final int MIN_HOST_BITS = 2;
    /** With its Ethernet header and a VLAN tag such a packet fills 17 chunks of 4096 bytes minus their headroom; a kernel packet has 17 fragments. */
    private static final int POD_MTU = 65_200;

    private final NodeConfiguration configuration;
    private final NodeFacts facts;

    LocalNodeCompiler(NodeConfiguration configuration, NodeFacts facts) {
        this.configuration = configuration;
        this.facts = facts;
    }

    /**
     * @param machineIn an address of a node or API server in a range
     * @throws UnusableObjectException with the reason why the node cannot be described yet
     */
    LocalNode compile(Optional<ClusterNode> node, ServiceCidrs serviceCidrs,
        Function<IpPrefix, Optional<IpAddress>> machineIn)
        throws UnusableObjectException {
        IpPrefix podCidr = podCidr(node);
        if (podCidr.hostBits() < MIN_HOST_BITS) { throw unusable("its podCIDR " + podCidr + " has no room for pods"); }
        if (podCidr.overlaps(configuration.serviceCidr())) {
            throw unusable("its podCIDR " + podCidr + " overlaps serviceCidr " + configuration.serviceCidr());
        }
        IpAddress address = address(node);
        return new LocalNode(configuration.nodeName(), address, podCidr, configuration.clusterCidr(),
            configuration.serviceCidr(), facts.vtepMac(), configuration.overlay(), podMtu(), offNodeMtu(),
            configuration.masquerade(), configuration.snatPorts().first(),
            configuration.snatPorts().last(),
            configuration.services().rules(address, serviceCidrs.usable(podCidr, address, machineIn)));
    }

    int podMtu() {
        return configuration.podMtu() != 0 ? configuration.podMtu() : POD_MTU;
    }

    private int offNodeMtu() {
        if (configuration.offNodeMtu() != 0) { return configuration.offNodeMtu(); }
        return facts.uplinkMtu() - configuration.overlay().encapsulation().overhead();
    }

    private IpPrefix podCidr(Optional<ClusterNode> node) throws UnusableObjectException {
        Optional<IpPrefix> prefix = configuration.podCidr()
            .or(() -> node.flatMap(object -> object.podCidrs().stream().findFirst()));
        return prefix.orElseThrow(() -> unusable(node.isEmpty()
            ? "is not among the cluster objects; add it, or set podCidr"
            : "has no spec.podCIDR yet; let the controller manager allocate one (--allocate-node-cidrs), or set podCidr"));
    }

    private IpAddress address(Optional<ClusterNode> node) throws UnusableObjectException {
        Optional<IpAddress> address = node.flatMap(object -> object.internalIps().stream().findFirst());
        return address.or(facts::uplinkAddress)
            .orElseThrow(() -> unusable("has no InternalIP, and the uplink has no address"));
    }

    static ObjectKey key(String nodeName) {
        return new ObjectKey(Kind.NODE, "", nodeName);
    }

    private UnusableObjectException unusable(String why) {
        return new UnusableObjectException("Node " + configuration.nodeName() + " (this node): " + why);
    }
}
