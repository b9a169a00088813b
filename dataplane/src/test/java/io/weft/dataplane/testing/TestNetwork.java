package io.weft.dataplane.testing;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.nativebindings.process.Programs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/** Real network namespaces of one test, with unique names, removed at the end. */
public final class TestNetwork implements AutoCloseable {
    private static final AtomicInteger COUNTER = new AtomicInteger();
    private static final long AWAIT_SECONDS = 60;

    private final String prefix = "dpt-" + ProcessHandle.current().pid() + "-" + COUNTER.incrementAndGet() + "-";
    private final List<Path> namespaces = new ArrayList<>();

    /** Skips the test, with the reason, unless it may create namespaces. */
    public static void requireRoot() {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root: network namespaces and AF_XDP");
    }

    public static void requireTool(String tool) {
        assumeTrue(Programs.find(tool).isPresent(), "needs the program " + tool);
    }

    public TestNetwork() {
        requireRoot();
    }

    /** A new namespace without IPv6, with loopback up. */
    public Path namespace(String name) throws Exception {
        Path path = NetworkNamespace.named(prefix + name);
        NetworkNamespace.create(path);
        namespaces.add(path);
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(path)) {
            rtnetlink.setUp(1);
        }
        NetworkNamespace.run(path, () -> {
            for (String scope : List.of("all", "default")) {
                Files.writeString(Path.of("/proc/sys/net/ipv6/conf/" + scope + "/disable_ipv6"), "1");
            }
        });
        return path;
    }

    /** A veth between a node and a pod, up on both ends. The pod's end has an address and a default route through the gateway. */
    public Link attachPod(Path node, String name, Path pod, int ip, int gateway, int queues) {
        try (Rtnetlink atNode = Rtnetlink.openIn(node); NetworkNamespace namespace = NetworkNamespace.open(pod)) {
            Link near = atNode.createVeth(
                VethSpec.of(name, "eth0").withMtu(1450).withQueues(queues).withPeerNamespace(namespace.fd()));
            atNode.setUp(near.index());
            try (Rtnetlink atPod = Rtnetlink.openIn(pod)) {
                Link far = atPod.link("eth0").orElseThrow();
                atPod.setUp(far.index());
                atPod.addAddress(far.index(), ip, 32, Route.RT_SCOPE_UNIVERSE);
                atPod.replaceRoute(Route.to(gateway, 32).device(far.index()));
                atPod.replaceRoute(Route.to(0, 0).via(gateway, far.index()));
            }
            return near;
        }
    }

    public static long macOf(Path namespace, String device) {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(namespace)) {
            return rtnetlink.link(device).orElseThrow().mac();
        }
    }

    /** Runs a program inside a namespace. */
    public static ExternalCommand.Output run(Path namespace, String... command) throws Exception {
        return NetworkNamespace.call(namespace, ExternalCommand.of(List.of(command))::run);
    }

    public static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(AWAIT_SECONDS);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "waited in vain for: " + what);
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() {
        for (Path namespace : namespaces) {
            try {
                NetworkNamespace.delete(namespace);
            } catch (LinuxException e) {
                System.err.println("not removed: " + e.getMessage());
            }
        }
    }
}
