package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.lab.CniPlugin;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.traffic.Ping;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A node that installs its CNI plug-in, called as a container runtime calls it; what becomes of pods when the node restarts. */
class CniInstallIT {
    private static final int CALLS = 8;
    private static final int BURST = 100;
    private static final int ATTEMPTS = 60;
    private static final ObjectMapper JSON = new ObjectMapper();
    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("inst", 1)
        .withSetting("cni.install", "true").needing("ping");
    private static WeftNode node;
    private static Path plugin;
    private static CniPlugin installed;

    @BeforeAll
    static void bringUp() throws Exception {
        node = LAB.lab().node("n1");
        plugin = node.cniBinDirectory().resolve("weft-cni");
        installed = new CniPlugin(plugin, node.runDirectory().resolve("cni.sock"));
        node.view().await("the network configuration", () -> Files.exists(conflist()));
        node.view().await("the plug-in's AOT cache", () -> !caches().isEmpty());
    }

    private static Path conflist() {
        return node.cniConfDirectory().resolve("05-weft.conflist");
    }

    private static List<Path> caches() throws IOException {
        Path directory = node.stateDirectory().resolve("cni");
        if (!Files.isDirectory(directory)) { return List.of(); }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".aot")).toList();
        }
    }

    @Test
    void theInstalledPluginAnswersWithAndWithoutItsCache() throws Exception {
        double withCache = meanMillis(plugin);
        Path cache = caches().getFirst();
        Path aside = cache.resolveSibling("aside");
        Files.move(cache, aside);
        double without = meanMillis(plugin);
        Files.move(aside, cache);
        double launcher = meanMillis(node.weftExecutable().resolveSibling("weft-cni"));
        System.out.printf(
            "STATUS, mean of %d: installed plug-in %.0f ms, without its cache %.0f ms, bin/weft-cni %.0f ms%n",
            CALLS, withCache, without, launcher);
    }

    private static double meanMillis(Path executable) throws Exception {
        node.view().await("a node that can add pods", () -> status(executable).isEmpty());
        long start = System.nanoTime();
        for (int i = 0; i < CALLS; i++) {
            assertEquals("", status(executable));
        }
        return (System.nanoTime() - start) / 1e6 / CALLS;
    }

    /** @return the plug-in's output: an error, or nothing */
    private static String status(Path executable) throws Exception {
        ProcessBuilder builder = ExternalCommand.file(executable).builder().redirectErrorStream(true);
        builder.environment().put("CNI_COMMAND", "STATUS");
        Process process = builder.start();
        try (var in = process.getOutputStream()) {
            in.write(("{\"cniVersion\":\"1.1.0\",\"name\":\"weft\",\"type\":\"weft-cni\",\"socket\":\""
                + node.runDirectory().resolve("cni.sock") + "\"}").getBytes(StandardCharsets.UTF_8));
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(output.isEmpty() ? 0 : 1, process.waitFor());
        return output;
    }

    @Test
    void aHundredPodsAtOnceAreAddedAndDetached() throws Exception {
        List<Callable<InetAddress>> adds = new ArrayList<>();
        List<Callable<InetAddress>> dels = new ArrayList<>();
        AtomicInteger repeated = new AtomicInteger();
        long ports = node.view().portsUp();
        List<Path> namespaces = new ArrayList<>();
        for (int i = 0; i < BURST; i++) {
            String name = "burst" + i;
            Path netns = NetworkNamespace.named(node.host().namespace() + "-" + name);
            NetworkNamespace.create(netns);
            namespaces.add(netns);
            adds.add(() -> addRepeatedly(name, netns, repeated));
            dels.add(() -> {
                installed.delete(node.thread(), name, name, netns);
                return null;
            });
        }
        long start = System.nanoTime();
        Set<InetAddress> addresses = new HashSet<>(atOnce(adds));
        long added = System.nanoTime();
        assertEquals(BURST, addresses.size());
        node.view().awaitPortsUp(ports + BURST);
        atOnce(dels);
        System.out.printf("%d pods at once: added in %.1f s (%d calls repeated), detached in %.1f s%n", BURST,
            (added - start) / 1e9, repeated.get(), (System.nanoTime() - added) / 1e9);
        node.view().awaitPortsUp(ports);
        namespaces.forEach(NetworkNamespace::delete);
    }

    /** As the kubelet does: an error 11 is repeated, any other fails the test. */
    private static InetAddress addRepeatedly(String name, Path netns, AtomicInteger repeated) throws Exception {
        for (int attempt = 1;; attempt++) {
            try {
                return installed.add(node.thread(), name, name, netns);
            } catch (IOException e) {
                if (attempt == ATTEMPTS || !e.getMessage().contains("error 11:")) { throw e; }
                repeated.incrementAndGet();
                Thread.sleep(1000);
            }
        }
    }

    private static List<InetAddress> atOnce(List<Callable<InetAddress>> calls) throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(calls.size())) {
            List<InetAddress> results = new ArrayList<>();
            for (Future<InetAddress> result : threads.invokeAll(calls)) {
                results.add(result.get());
            }
            return results;
        }
    }

    @Test
    void aPodHasItsNameFromAddOnAndAfterARestart() throws Exception {
        Path netns = NetworkNamespace.named(node.host().namespace() + "-named");
        NetworkNamespace.create(netns);
        String address = installed.add(node.thread(), "named", "named", netns).getHostAddress();
        node.view().await("the pod's name", () -> "default/named".equals(podOf(address)));
        node.killControlPlane();
        node.view().await("the pod's name after a restart", () -> "default/named".equals(podOf(address)));
        Pod peer = node.addPod("peer");
        Ping.run(peer.thread(), InetAddress.getByName(address), 3);
        boolean found = false;
        for (JsonNode flow : JSON.readTree(node.weft("show", "flows", "-o", "json"))) {
            found |= flow.path("fromPod").asText().equals("default/n1-peer")
                && flow.path("toPod").asText().equals("default/named");
        }
        assertTrue(found, node.weft("show", "flows"));
        node.removePod("peer");
        installed.delete(node.thread(), "named", "named", netns);
        NetworkNamespace.delete(netns);
    }

    private static String podOf(String address) throws Exception {
        for (JsonNode port : JSON.readTree(node.weft("show", "ports", "-o", "json"))) {
            if (port.path("address").asText().equals(address)) { return port.path("pod").asText(); }
        }
        return "";
    }

    @Test
    void whileWeftIsDownThePluginSaysTryAgainAndTheFilesStay() throws Exception {
        Path netns = NetworkNamespace.named(node.host().namespace() + "-later");
        NetworkNamespace.create(netns);
        node.killAll();
        assertTrue(Files.exists(conflist()) && Files.exists(plugin));
        long start = System.nanoTime();
        IOException e = assertThrows(IOException.class,
            () -> installed.add(node.thread(), "later", "later", netns));
        System.out.printf("\"try again\" after %d ms%n", (System.nanoTime() - start) / 1_000_000);
        assertTrue(e.getMessage().contains("error 11:"), e.getMessage());
        node.startAgain();
        addRepeatedly("later", netns, new AtomicInteger());
        installed.delete(node.thread(), "later", "later", netns);
        NetworkNamespace.delete(netns);
    }

    @Test
    void podsStayConnectedWhenTheRunDirectoryIsLost() throws Exception {
        Pod a = node.addPod("a");
        Pod b = node.addPod("b");
        node.killAll();
        deleteTree(node.runDirectory());
        node.startAgain();
        Ping.Result result = Ping.run(a.thread(), b.address(), 10);
        assertEquals(result.sent(), result.received(), result.output());
        node.removePod("a");
        node.removePod("b");
    }

    /** As a reboot leaves it: no run directory, no namespaces, no devices; the state directory is there. Then DEL comes without a namespace. */
    @Test
    void aRebootFreesTheAddressesOfItsPods() throws Exception {
        List<String> names = List.of("x", "y", "z");
        for (String name : names) {
            Path netns = NetworkNamespace.named(node.host().namespace() + "-" + name);
            NetworkNamespace.create(netns);
            installed.add(node.thread(), name, name, netns);
        }
        node.killAll();
        for (String name : names) {
            NetworkNamespace.delete(NetworkNamespace.named(node.host().namespace() + "-" + name));
        }
        deleteTree(node.runDirectory());
        node.start();
        node.view().await("all addresses free", () -> addressesGiven() == 0);
        for (String name : names) {
            installed.delete(node.thread(), name, name, Path.of(""));
        }
        assertEquals(0, addressesGiven());
        assertTrue(Files.exists(conflist()) && Files.exists(plugin));
        LAB.lab().awaitReady();
    }

    private static int addressesGiven() {
        try {
            JsonNode controlPlane = JSON.readTree(node.weft("status", "-o", "json")).path("controlPlane");
            return controlPlane.path("podCidr").asText().isEmpty() ? -1 : controlPlane.path("addressesGiven").asInt(-1);
        } catch (Exception e) {
            return -1; // neither process runs yet
        }
    }

    private static void deleteTree(Path root) throws IOException {
        try (Stream<Path> tree = Files.walk(root)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
