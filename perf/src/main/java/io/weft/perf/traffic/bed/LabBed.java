package io.weft.perf.traffic.bed;

import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.vmlab.lab.KernelNode;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Manifests;
import io.weft.vmlab.lab.Pod;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;

/**
 * Pods on two nodes of a lab on this machine: nodes run by Weft, and next to them, on the same underlay, two nodes of Linux alone with a
 * VXLAN device set up as flannel does.
 */
public final class LabBed implements AutoCloseable {
    /** Paths between pods through Weft. */
    public enum Route { POD_POD, POD_REMOTE, CLUSTERIP }

    private static final String INTERFACE = "eth0";
    private static final InetSocketAddress SERVICE = new InetSocketAddress("10.96.0.200", 4000);
    private static final int PORT = 4001;
    private static final int FIRST_KERNEL_NODE = 31;

    private final LabPlan plan;
    private final Lab lab;
    private final Thread cleaner;

    /** Sets up the lab; removes it when closed, or when the process ends. */
    public LabBed(String name, int workers) throws Exception {
        plan = new LabPlan(name, 2, false, workers);
        cleaner = new Thread(() -> takeDown(plan), "lab-clean-up");
        Runtime.getRuntime().addShutdownHook(cleaner);
        lab = Lab.up(plan);
    }

    /** Adds pods for one path through Weft. */
    public Wire weft(Route route) throws Exception {
        String suffix = route.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
        Pod from = lab.node("n1").addPod("tx-" + suffix);
        Pod to = lab.node(route == Route.POD_POD ? "n1" : "n2").addPod("rx-" + suffix);
        if (route != Route.CLUSTERIP) { return wire("weft " + suffix, from, to, to.port(PORT)); }
        publish(to);
        return wire("weft " + suffix, from, to, SERVICE);
    }

    private void publish(Pod backend) throws Exception {
        Manifests.Port port = new Manifests.Port("traffic", "UDP", SERVICE.getPort(), PORT);
        List<Manifests.Endpoint> endpoints = List.of(
            new Manifests.Endpoint(backend.address(), backend.host().name(), true));
        lab.manifests().service("traffic", SERVICE.getAddress(), List.of(port));
        lab.manifests().endpoints("traffic", List.of(port), endpoints);
        lab.awaitEndpoints(SERVICE, endpoints);
    }

    /** Adds two nodes of Linux alone, once; returns the path between their pods. */
    public Wire linux() throws Exception {
        KernelNode one = lab.addKernelNode("k1", FIRST_KERNEL_NODE);
        KernelNode other = lab.addKernelNode("k2", FIRST_KERNEL_NODE + 1);
        one.addPeer(other.host(), other.vtepMac());
        other.addPeer(one.host(), one.vtepMac());
        return wire("linux pod-remote", one.pod(), other.pod(), other.pod().port(PORT));
    }

    private static Wire wire(String name, Pod from, Pod to, InetSocketAddress target) throws IOException {
        int destination = NextHop.address(target.getAddress());
        Link device = device(from.netns());
        return new Wire(name, from.netns(), INTERFACE, to.netns(), INTERFACE, NextHop.mac(from.netns(), destination),
            device.mac(), NextHop.address(from.address()), destination, target.getPort(), PORT,
            Math.min(device.mtu(), LabPlan.POD_MTU), false);
    }

    private static Link device(Path namespace) {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(namespace)) {
            return rtnetlink.link(INTERFACE).orElseThrow();
        }
    }

    /** The lab, for further use. */
    public Lab lab() {
        return lab;
    }

    @Override
    public void close() throws IOException {
        lab.close();
        Runtime.getRuntime().removeShutdownHook(cleaner);
    }

    private static void takeDown(LabPlan plan) {
        try {
            Lab.downIfOwn(plan);
        } catch (IOException e) {
            System.err.println("weft: cannot remove lab '" + plan.name() + "': " + e.getMessage());
        }
    }
}
