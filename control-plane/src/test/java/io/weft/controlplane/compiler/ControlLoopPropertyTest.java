package io.weft.controlplane.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.controlplane.Await;
import io.weft.controlplane.compiler.PeerCompiler.Candidate;
import io.weft.controlplane.ipam.Attachment;
import io.weft.controlplane.ipam.AttachmentKey;
import io.weft.controlplane.ipam.AttachmentNames;
import io.weft.controlplane.ipam.AttachmentStore;
import io.weft.controlplane.model.ClusterNode;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.model.Service;
import io.weft.controlplane.operator.OperatorState;
import io.weft.controlplane.source.ClusterChange;
import io.weft.controlplane.status.DataplaneView;
import io.weft.controlplane.status.Failures;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.Route;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.TablesReader;
import io.weft.dataplane.table.TablesSizing;
import io.weft.dataplane.table.TablesSnapshot;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.MacAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The control loop under random changes: correct, wrong and contradictory objects, removals, attached and detached pods, and failures of
 * compiling, writing and committing. Whenever the loop is idle, the tables, read back as a dataplane reads them, must equal those of a new
 * control plane that gets the same objects at once, and both must report the same objects as not in force.
 *
 * <p>{@code -Dweft.changes=1000000} sets the number of changes, {@code -Dweft.seed=N} repeats a run.
 */
class ControlLoopPropertyTest {
    private static final int CHANGES = Integer.getInteger("weft.changes", 5_000);
    private static final long SEED = Long.getLong("weft.seed", System.nanoTime());
    private static final int QUIET_EVERY = 100;
    private static final TablesSizing SMALL = new TablesSizing(128 << 10);
    private static final NodeFacts FACTS = new NodeFacts(1500, Optional.of(IpAddress.of("192.0.2.1")),
        MacAddress.of("02:00:00:00:00:01"));

    /** Each failure happens once, at the next opportunity. */
    private static final class Injected {
        volatile boolean inCompiler;
        volatile boolean inBooks;
        volatile boolean atCommit;
        final AtomicLong count = new AtomicLong();

        void compile() {
            if (inCompiler) {
                inCompiler = false;
                count.incrementAndGet();
                throw new IllegalStateException("injected into the compiler");
            }
        }

        /** Fails outside the code that catches failures per object. */
        void books() {
            if (inBooks) {
                inBooks = false;
                count.incrementAndGet();
                throw new StackOverflowError("injected into the bookkeeping");
            }
        }

        long commit() {
            if (atCommit) {
                atCommit = false;
                count.incrementAndGet();
                throw new IllegalStateException("injected into the commit");
            }
            return Long.MAX_VALUE;
        }
    }

    /** A control plane's loop with its own directories. */
    private static final class Plane implements AutoCloseable {
        final Path run;
        final AttachmentStore store;
        final DataplaneView dataplane;
        final Failures failures = new Failures();
        final ControlLoop loop;

        Plane(Path directory, Injected injected) throws IOException {
            run = Files.createDirectories(directory.resolve("run"));
            store = AttachmentStore.open(directory.resolve("state"), RandomObjects.OWN, PortId.COUNT);
            dataplane = new DataplaneView(run);
            NodeConfiguration configuration = NodeConfiguration.of(Map.of("nodeName", RandomObjects.OWN, "uplink",
                "eth1", "serviceCidr", "10.96.0.0/16", "runDirectory", run.toString()));
            TableCompiler.Factory factory = (local, peers) -> {
                ReservedPorts reserved = new ReservedPorts(8472);
                return new TableCompiler(configuration, FACTS, peerCompiler(configuration, injected),
                    serviceCompiler(configuration, reserved, injected), reserved, local, peers);
            };
            loop = new ControlLoop(factory, new TablesPublisher(run, SMALL, injected::commit), List.of(), store,
                dataplane, failures, () -> {
                });
        }

        @Override
        public void close() {
            loop.close();
            dataplane.close();
            try {
                store.close();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    @TempDir(factory = MemoryDirectory.class) private Path directory;
    private final Map<ObjectKey, ClusterObject> objects = new TreeMap<>();
    private final Set<Attachment> attached = new TreeSet<>(Comparator.comparingInt(Attachment::portId));
    private final Random random = new Random(SEED);
    private final RandomObjects objectMaker = new RandomObjects(random);
    private final Injected injected = new Injected();
    private Plane plane;
    private int pods;

    private static PeerCompiler peerCompiler(NodeConfiguration configuration, Injected injected) {
        return new PeerCompiler(configuration.overlay(), configuration.serviceCidr()) {
            @Override
            Candidate compile(ClusterNode node) throws UnusableObjectException {
                injected.compile();
                if (node.name().equals(RandomObjects.POISONOUS_NODE)) { throw new ArithmeticException("poison"); }
                return super.compile(node);
            }
        };
    }

    private static ServiceCompiler serviceCompiler(NodeConfiguration configuration, ReservedPorts reserved,
        Injected injected) {
        return new ServiceCompiler(configuration.serviceCidr(), configuration.nodePortRange(), reserved) {
            @Override
            void use(OwnSite own) {
                injected.books();
                super.use(own);
            }

            @Override
            Compiled compile(Service service, Collection<EndpointSlice> slices,
                OperatorState operator) {
                injected.compile();
                if (service.ports().stream().anyMatch(port -> port.port() == RandomObjects.POISONOUS_PORT)) {
                    throw new NullPointerException("poison");
                }
                return super.compile(service, slices, operator);
            }
        };
    }

    @BeforeEach
    void start() throws IOException {
        System.out.println("seed " + SEED + ", " + CHANGES + " changes (-Dweft.seed, -Dweft.changes)");
        plane = new Plane(directory.resolve("loop"), injected);
        change(List.of(objectMaker.ownNode()), List.of());
    }

    @AfterEach
    void stop() {
        plane.close();
    }

    @Test
    void theTablesAfterRandomChangesAreThoseOfANewControlPlane() throws Exception {
        int quietPoints = 0;
        long named = 0;
        for (int i = 1; i <= CHANGES; i++) {
            boolean fails = inject();
            randomChange();
            if (fails) {
                plane.loop.report(); // so that the failure happens in this change, not after the next comparison
            }
            if (i % 100_000 == 0) {
                System.out.println(i + " changes");
            }
            if (i % QUIET_EVERY == 0 || i == CHANGES) {
                named += compareWithFresh("seed " + SEED + ", change " + i);
                quietPoints++;
            }
        }
        long caught = plane.failures.summary().count();
        System.out.println(CHANGES + " changes, " + quietPoints + " quiet points, " + named + " objects named, "
            + injected.count.get() + " failures injected, " + caught + " counted, " + plane.run.toFile().list().length
            + " files left");
        assertTrue(caught >= injected.count.get(), caught + " failures counted, " + injected.count + " injected");
        assertTrue(injected.count.get() > 0 && named > 0, "nothing injected, or nothing named");
    }

    /** @return whether to inject a failure */
    private boolean inject() {
        int kind = random.nextInt(40);
        injected.inCompiler |= kind == 0 || kind == 1;
        injected.inBooks |= kind == 1 || kind == 2;
        injected.atCommit |= kind == 1 || kind == 3;
        return kind <= 3;
    }

    private void randomChange() throws Exception {
        if (random.nextInt(50) == 0) {
            attachOrDetach();
            return;
        }
        List<ClusterObject> updated = new ArrayList<>();
        List<ObjectKey> removed = new ArrayList<>();
        for (int count = random.nextInt(4); count >= 0; count--) {
            if (random.nextInt(3) > 0) {
                updated.add(objectMaker.any());
            } else {
                removed.add(objectMaker.anyKey());
            }
        }
        removed.removeIf(key -> updated.stream().anyMatch(object -> object.key().equals(key)));
        change(updated, removed);
    }

    private void change(List<ClusterObject> updated, List<ObjectKey> removed) {
        removed.forEach(objects::remove);
        updated.forEach(object -> objects.put(object.key(), object));
        boolean complete = random.nextInt(100) == 0;
        plane.loop.changed(complete
            ? new ClusterChange(0, List.copyOf(objects.values()), List.of(), true)
            : new ClusterChange(0, updated, removed));
    }

    private void attachOrDetach() throws Exception {
        quiet();
        if (attached.size() < 5 || random.nextBoolean() && attached.size() < 50) {
            AttachmentKey key = new AttachmentKey("pod" + pods++, "eth0");
            Attachment attachment = plane.loop.allocate(new AttachmentNames(key, "weft", "/none", ""), 1450);
            plane.loop.openPort(attachment);
            attached.add(attachment);
        } else {
            Attachment attachment = List.copyOf(attached).get(random.nextInt(attached.size()));
            attached.remove(attachment);
            plane.loop.closePort(attachment);
            plane.loop.release(attachment.key());
        }
    }

    /** Waits until no failure is pending and all changes have been processed. */
    private void quiet() {
        injected.inCompiler = false;
        injected.inBooks = false;
        injected.atCommit = false;
        Await.until("the loop has recovered", () -> plane.loop.report().fault().isEmpty());
    }

    /** @return the number of objects reported */
    private int compareWithFresh(String when) throws Exception {
        quiet();
        ControlLoop.Report report = plane.loop.report();
        Path fresh = Files.createTempDirectory(directory, "fresh");
        try (Plane other = new Plane(fresh, new Injected())) {
            attached.forEach(other.loop::openPort);
            other.loop.changed(new ClusterChange(0, List.copyOf(objects.values()), List.of(), true));
            ControlLoop.Report expected = other.loop.report();
            assertEquals(String.join("\n", dump(other.run)), String.join("\n", dump(plane.run)), when);
            assertEquals(expected.problems().stream().map(Problem::text).collect(Collectors.joining("\n")),
                report.problems().stream().map(Problem::text).collect(Collectors.joining("\n")), when);
            assertEquals(expected.podNames(), report.podNames(), when);
            assertNamed(report);
        }
        deleteAll(fresh);
        return report.problems().size();
    }

    /** Every object that fails or asks for something unsupported must be reported. */
    private void assertNamed(ControlLoop.Report report) {
        Set<ObjectKey> named = report.problems().stream().map(Problem::object).collect(Collectors.toSet());
        for (ClusterObject object : objects.values()) {
            boolean wrong = !object.unsupported().isEmpty()
                || object.key().name().equals(RandomObjects.POISONOUS_NODE)
                || object instanceof EndpointSlice slice && slice.serviceName() == null
                || object instanceof Service service && service.ports().stream()
                    .anyMatch(port -> port.port() == RandomObjects.POISONOUS_PORT);
            assertTrue(!wrong || named.contains(object.key()), object + " is not named");
        }
    }

    /** Everything in the tables except the numbers of peers and tunnels, which depend on earlier changes. */
    private List<String> dump(Path run) {
        List<String> lines = new ArrayList<>();
        try (TablesReader tables = TablesReader.open(run)) {
            TablesSnapshot snapshot = tables.snapshot();
            lines.add(String.valueOf(snapshot.local()));
            snapshot.ports().forEach(port -> lines.add(port.toString()));
            Map<Integer, IpAddress> endpointOfTunnel = new HashMap<>();
            Set<String> peers = new TreeSet<>();
            for (PeerSpec peer : snapshot.peers()) {
                endpointOfTunnel.put(peer.tunnel(), peer.vtepIp());
                peers.add(peer.nodeName() + " " + peer.vtepIp() + " " + peer.vtepMac() + " " + peer.podCidr() + " "
                    + peer.nodeAddresses() + " " + peer.weft());
                assertEquals(peer.tunnel(), tables.peerByEndpoint(peer.vtepIp().toInt()));
            }
            lines.addAll(peers);
            Set<String> services = new TreeSet<>();
            tables.services().forEach(service -> services.add(service.toString()));
            lines.addAll(services);
            for (int address : RandomObjects.probes()) {
                long route = tables.route4(address);
                boolean remote = Route.kind(route) == Route.PEER || Route.kind(route) == Route.PEER_NODE;
                lines.add(Ipv4Address.format(address) + " kind " + Route.kind(route) + " to "
                    + (remote ? endpointOfTunnel.get(Route.index(route)) : Route.index(route)) + ", endpoint of "
                    + endpointOfTunnel.get(tables.peerByEndpoint(address)) + ", service "
                    + tables.services().isClusterIp(address));
            }
        }
        return lines;
    }

    private static void deleteAll(Path root) throws IOException {
        List<Path> all;
        try (var walk = Files.walk(root)) {
            all = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : all) {
            Files.delete(path);
        }
    }
}
