package io.weft.vmlab.lab;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A cluster on one machine: nodes as network namespaces on an underlay of their own, each with its run directory, and the packaged product
 * in every Weft node. {@link #close} removes everything.
 */
public final class Lab implements AutoCloseable {
    private final LabPlan plan;
    private final Manifests manifests;
    private final Underlay underlay;
    private final Map<String, WeftNode> nodes = new LinkedHashMap<>();
    private final KernelNode kernelNode;
    private final List<KernelNode> furtherKernelNodes = new ArrayList<>();
    private final OutsideHost outside;

    private Lab(LabPlan plan, Distribution distribution) throws Exception {
        this.plan = plan;
        manifests = new Manifests(plan.manifests());
        underlay = Underlay.create(plan.underlayNamespace());
        for (LabPlan.Host host : plan.weftHosts()) {
            Path namespace = underlay.connect(host, plan.workers());
            nodes.put(host.name(), new WeftNode(plan, host, namespace, distribution, manifests));
        }
        outside = new OutsideHost(plan.outsideHost(), underlay.connect(plan.outsideHost(), 1));
        kernelNode = plan.kernelPeer()
            ? new KernelNode(plan.kernelHost(), underlay.connect(plan.kernelHost(), 1))
            : null;
    }

    /**
     * Sets up a lab: all nodes started, every node knows every other.
     *
     * @throws IOException if a lab of that name exists already, or a node does not start
     */
    public static Lab up(LabPlan plan) throws Exception {
        Distribution distribution = Distribution.locate();
        LabSite.claim(plan);
        LabFile.write(plan);
        Lab lab = null;
        try {
            lab = new Lab(plan, distribution);
            lab.startNodes();
            return lab;
        } catch (Exception e) {
            if (lab != null) {
                lab.closeThreads();
            }
            LabSite.clear(plan);
            throw e;
        }
    }

    private void startNodes() throws Exception {
        for (WeftNode node : nodes.values()) {
            node.start();
        }
        for (WeftNode node : nodes.values()) {
            long vtepMac = node.view().awaitVtepMac();
            manifests.node(node.host(), TunnelAnnotations.weft(node.host(), vtepMac));
            if (kernelNode != null) {
                kernelNode.addPeer(node.host(), vtepMac);
            }
        }
        if (kernelNode != null) {
            manifests.node(kernelNode.host(), kernelNode.annotations());
        }
        awaitReady();
    }

    /** Waits until every Weft node forwards and has a tunnel to every other node. */
    public void awaitReady() throws Exception {
        int peers = nodes.size() - 1 + (kernelNode == null ? 0 : 1);
        for (WeftNode node : nodes.values()) {
            node.view().awaitReady(peers);
        }
    }

    /** Removes the pods of the Weft nodes and all Services, and waits until every node forwards without them. */
    public void empty() throws Exception {
        manifests.removeServices();
        for (WeftNode node : nodes.values()) {
            node.removePods();
        }
        awaitReady();
        for (WeftNode node : nodes.values()) {
            node.view().awaitPortsUp(NodeView.BASIC_PORTS);
        }
    }

    /** Removes the lab if this process set it up, however far that got; leaves the lab of another process alone. */
    public static void downIfOwn(LabPlan plan) throws IOException {
        if (LabOwner.isThisProcess(plan)) {
            LabSite.clear(plan);
        }
    }

    /** Waits until every node's tables map {@code service} to exactly the addresses of {@code endpoints}. */
    public void awaitEndpoints(InetSocketAddress service, List<Manifests.Endpoint> endpoints) throws Exception {
        Set<InetAddress> addresses = endpoints.stream().map(Manifests.Endpoint::address).collect(Collectors.toSet());
        for (WeftNode node : nodes.values()) {
            node.view().awaitBackends(service, addresses);
        }
    }

    public LabPlan plan() {
        return plan;
    }

    public Manifests manifests() {
        return manifests;
    }

    public Underlay underlay() {
        return underlay;
    }

    public WeftNode node(String name) {
        WeftNode node = nodes.get(name);
        if (node == null) { throw new IllegalArgumentException("no node " + name + " in lab " + plan.name()); }
        return node;
    }

    public List<WeftNode> nodes() {
        return List.copyOf(nodes.values());
    }

    public Optional<KernelNode> kernelNode() {
        return Optional.ofNullable(kernelNode);
    }

    /**
     * Adds a node run by Linux alone that no Weft node knows: the other end of a path without Weft.
     *
     * @param number as in {@link LabPlan.Host}; no other host may have it
     */
    public KernelNode addKernelNode(String name, int number) throws Exception {
        LabPlan.Host host = new LabPlan.Host(plan.name(), name, number);
        KernelNode node = new KernelNode(host, underlay.connect(host, 1));
        furtherKernelNodes.add(node);
        return node;
    }

    public OutsideHost outside() {
        return outside;
    }

    private void closeThreads() {
        nodes.values().forEach(WeftNode::close);
        kernelNode().ifPresent(KernelNode::close);
        furtherKernelNodes.forEach(KernelNode::close);
        outside.close();
        underlay.close();
    }

    @Override
    public void close() throws IOException {
        closeThreads();
        LabSite.clear(plan);
    }
}
