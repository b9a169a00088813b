package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.DropReason;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Manifests;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.traffic.WhoAmI;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How many flows one endpoint can have through a NodePort of another node, which gives each a port of its own: as many as there are ports. */
class NodePortConnectionsIT {
    private static final int CONNECTIONS = Integer.getInteger("weft.it.connections", 2000);
    /** Fewer than the descriptors that a process may have anywhere. */
    private static final int MAX_PER_PROCESS = 10_000;
    private static final int EXTRA_FLOWS = 500;
    /** Ports 1024-65535 of the node's address among the pods. */
    private static final int POOL = 64_512;
    private static final List<InetAddress> CLIENTS = List.of(LabPlan.ip("192.0.2.101"), LabPlan.ip("192.0.2.102"),
        LabPlan.ip("192.0.2.103"), LabPlan.ip("192.0.2.104"));
    private static final Manifests.Port TCP_ECHO = new Manifests.Port("echo", "TCP", 7, 7007);
    private static final Manifests.Port UDP_SINK = new Manifests.Port("sink", "UDP", 9, 7009);
    private static final Manifests.Port WHO_AM_I = new Manifests.Port("who", "TCP", 13, 7013);
    private static final int ECHO_NODE_PORT = 30_007;
    private static final int OTHER_NODE_PORT = 30_107;
    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("npc", 2);
    private static Lab lab;
    private static WeftNode n1;
    private static Pod pod;
    private static Pod other;

    @BeforeAll
    static void expose() throws Exception {
        lab = LAB.lab();
        n1 = lab.node("n1");
        pod = lab.node("n2").addPod("backend");
        other = lab.node("n2").addPod("other");
        serve("one", "10.96.0.7", pod, ECHO_NODE_PORT);
        serve("other", "10.96.0.8", other, OTHER_NODE_PORT);
        try (Rtnetlink kernel = Rtnetlink.openIn(outside())) {
            int uplink = kernel.link(LabPlan.UPLINK).orElseThrow().index();
            for (InetAddress client : CLIENTS) {
                kernel.addAddress(uplink, LabPlan.number(client), LabPlan.UNDERLAY_PREFIX_LENGTH,
                    Route.RT_SCOPE_UNIVERSE);
            }
        }
    }

    /** A Service with one endpoint, on the node that the clients do not ask. */
    private static void serve(String name, String clusterIp, Pod endpoint, int nodePort) throws Exception {
        List<Manifests.Port> ports = List.of(TCP_ECHO, UDP_SINK, WHO_AM_I);
        List<Manifests.Endpoint> endpoints = List.of(new Manifests.Endpoint(endpoint.address(), "n2", true));
        lab.manifests().service(name, LabPlan.ip(clusterIp), ports, Manifests.Exposure.nodePort(nodePort));
        lab.manifests().endpoints(name, ports, endpoints);
        for (Manifests.Port port : ports) {
            lab.awaitEndpoints(new InetSocketAddress(LabPlan.ip(clusterIp), port.port()), endpoints);
        }
    }

    private static InetSocketAddress nodePort(int first, int index) {
        return new InetSocketAddress(n1.host().address(), first + index);
    }

    @Test
    void allConnectionsToOneEndpointAreOpenAtOnce() throws Exception {
        Path server = pod.netns();
        List<ConnectionsProcess> processes = new ArrayList<>();
        List<ConnectionsProcess> clients = new ArrayList<>();
        try {
            for (int started = 0; started < CONNECTIONS; started += MAX_PER_PROCESS) { // which share them
                processes.add(ConnectionsProcess.serve(server, pod.port(TCP_ECHO.targetPort())));
            }
            long start = System.nanoTime();
            for (int started = 0; started < CONNECTIONS; started += MAX_PER_PROCESS) {
                clients.add(ConnectionsProcess.connect(outside(), CLIENTS, nodePort(ECHO_NODE_PORT, 0),
                    Math.min(MAX_PER_PROCESS, CONNECTIONS - started)));
                processes.add(clients.getLast());
            }
            long opened = System.nanoTime();
            assertEquals(CONNECTIONS, echo(clients, 1));
            assertEquals(CONNECTIONS, echo(clients, 2));
            System.out.printf("%d connections from outside to one endpoint, opened in %.1f s, echoed twice in %.1f s%n",
                CONNECTIONS, (opened - start) / 1e9, (System.nanoTime() - opened) / 1e9);
        } finally {
            processes.reversed().forEach(ConnectionsProcess::close);
        }
    }

    private static int echo(List<ConnectionsProcess> clients, int round) throws Exception {
        int echoed = 0;
        for (ConnectionsProcess each : clients) {
            echoed += each.echo((long) round << 32);
        }
        return echoed;
    }

    private static Path outside() {
        return NetworkNamespace.named(lab.plan().outsideHost().namespace());
    }

    @Test
    void flowsBeyondThePoolAreRefusedOneByOneAndNoOthers() throws Exception {
        try (DatagramSources sources = new DatagramSources(lab.outside().thread(), pod.thread(), CLIENTS,
            nodePort(ECHO_NODE_PORT, 1), pod.port(UDP_SINK.targetPort()));
            WhoAmI _ = WhoAmI.serve(pod.thread(), pod.port(WHO_AM_I.targetPort()));
            WhoAmI _ = WhoAmI.serve(other.thread(), other.port(WHO_AM_I.targetPort()));
            DatagramSources unaffected = new DatagramSources(lab.outside().thread(), other.thread(), CLIENTS,
                nodePort(OTHER_NODE_PORT, 1), other.port(UDP_SINK.targetPort()))) {
            askAsEveryClient(); // so that the first datagram need not wait for the resolution of its client
            long start = System.nanoTime();
            assertEquals(POOL, sources.fill(POOL), "source ports that the endpoint has seen");
            long filled = System.nanoTime();
            assertEquals(1024, sources.ports().nextSetBit(0), "the least source port");
            assertEquals(0, refused());
            sources.send(EXTRA_FLOWS);
            n1.view().await("refusal of " + EXTRA_FLOWS + " flows", () -> refused() == EXTRA_FLOWS);
            assertEquals(EXTRA_FLOWS, unaffected.fill(EXTRA_FLOWS));
            askAsEveryClient();
            assertEquals(POOL, sources.ports().cardinality());
            assertEquals(EXTRA_FLOWS, refused());
            System.out.printf("%d UDP flows to one endpoint in %.1f s; %d more: %d refused as %s%n", POOL,
                (filled - start) / 1e9, EXTRA_FLOWS, refused(), DropReason.SERVICE_NO_SOURCE_PORT);
        }
    }

    /** By TCP, of both endpoints. */
    private static void askAsEveryClient() throws Exception {
        for (InetAddress client : CLIENTS) {
            for (int first : List.of(ECHO_NODE_PORT, OTHER_NODE_PORT)) {
                assertTrue(WhoAmI.ask(lab.outside().thread(), client, nodePort(first, 2)).contains(":"));
            }
        }
    }

    private static long refused() {
        try (CounterReader counters = CounterReader.open(n1.runDirectory())) {
            return counters.drop(DropReason.SERVICE_NO_SOURCE_PORT);
        }
    }
}
