package io.weft.vmlab.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.vmlab.LabExtension;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.Manifests;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.traffic.HttpBackend;
import io.weft.vmlab.traffic.HttpBurst;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An operator at a node with traffic: drains, pauses and static routes by commands, through the node's own socket. */
class WriteCommandsIT {
    private static final int CONNECTIONS = 200;
    private static final int REFUSED = 10;
    private static final InetSocketAddress WEB = new InetSocketAddress("10.96.0.85", 80);
    @RegisterExtension static final LabExtension LAB = ApiLab.SHARED;
    private static Lab lab;
    private static WeftNode node;
    private static Pod client;
    private static Pod near;
    private static HttpBackend nearWeb;
    private static HttpBackend farWeb;

    @BeforeAll
    static void bringUp() throws Exception {
        lab = LAB.lab();
        node = lab.node("n1");
        client = node.addPod("client");
        near = node.addPod("near");
        Pod far = lab.node("n2").addPod("far");
        nearWeb = HttpBackend.start(near.thread(), "near", near.port(8080));
        farWeb = HttpBackend.start(far.thread(), "far", far.port(8080));
        List<Manifests.Port> ports = List.of(new Manifests.Port("http", "TCP", 80, 8080));
        List<Manifests.Endpoint> endpoints = List.of(new Manifests.Endpoint(near.address(), "n1", true),
            new Manifests.Endpoint(far.address(), "n2", true));
        lab.manifests().service("web", WEB.getAddress(), ports);
        lab.manifests().endpoints("web", ports, endpoints);
        lab.awaitEndpoints(WEB, endpoints);
    }

    @AfterAll
    static void takeDown() {
        for (HttpBackend backend : new HttpBackend[]{nearWeb, farWeb}) {
            if (backend != null) {
                backend.close();
            }
        }
    }

    /** Who answers new connections. */
    private static Set<String> backends() throws Exception {
        HttpBurst.Result result = new HttpBurst().run(client.thread(), WEB, CONNECTIONS, 4);
        assertEquals(Map.of(), result.failures());
        return result.perBackend().keySet();
    }

    @Test
    void aPodIsDrainedAndAServicePausedByName() throws Exception {
        String pod = podName(near);
        String dry = node.weft("drain", pod, "--dry-run");
        System.out.print(dry);
        assertTrue(dry.contains("drain " + near.address().getHostAddress() + "  would be set"), dry);
        assertEquals(Set.of("near", "far"), backends());
        assertTrue(node.weft("drain", pod, "--comment", "disk is failing").contains("  set  "));
        assertEquals(Set.of("far"), backends());
        String list = node.weft("drain");
        System.out.print(list);
        assertTrue(list.contains("disk is failing") && list.contains("in use"), list);
        IOException last = assertThrows(IOException.class, () -> node.weft("drain", farAddress()));
        assertTrue(last.getMessage().contains("ended with 1: weft: drain ") && last.getMessage().contains("--force"),
            last.getMessage());
        node.weft("undrain", pod);
        assertEquals(Set.of("near", "far"), backends());
        node.weft("pause", "web");
        assertEquals(Map.of(), new HttpBurst().run(client.thread(), WEB, REFUSED, 1).perBackend());
        node.weft("resume", WEB.getAddress().getHostAddress());
        assertEquals(Set.of("near", "far"), backends());
    }

    private static String farAddress() throws Exception {
        return node.weft("show", "backends").lines().filter(line -> line.contains("default/web"))
            .map(line -> line.split(" +")[5]).filter(address -> !address.equals(near.address().getHostAddress()))
            .findFirst().orElseThrow();
    }

    private static String podName(Pod pod) throws Exception {
        node.view().await("the pod's name", () -> node.weft("show", "pods").contains("-" + pod.name()));
        return node.weft("show", "pods").lines().filter(line -> line.contains(pod.address().getHostAddress() + " "))
            .map(line -> line.split(" +")[0]).findFirst().orElseThrow();
    }

    @Test
    void aStaticRouteIsAddedAndDeleted() throws Exception {
        String router = lab.outside().address().getHostAddress();
        node.weft("route", "add", "198.51.100.0/25", "via", router);
        String list = node.weft("route");
        System.out.print(list);
        assertTrue(list.lines().anyMatch(line -> line.startsWith("198.51.100.0/25  via   " + router)), list);
        assertTrue(node.weft("show", "routes").contains("static-via"));
        assertThrows(IOException.class, () -> node.weft("route", "add", "198.51.100.0/25", "blackhole"));
        node.weft("route", "replace", "198.51.100.0/25", "blackhole");
        assertTrue(node.weft("show", "routes").contains("static-blackhole"));
        node.weft("route", "del", "198.51.100.0/25");
        assertEquals(1, node.weft("route", "list").lines().count());
    }
}
