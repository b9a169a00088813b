package io.weft.controlplane.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.controlplane.Await;
import io.weft.controlplane.FakeDataplane;
import io.weft.controlplane.ipam.Attachment;
import io.weft.controlplane.ipam.AttachmentKey;
import io.weft.controlplane.ipam.AttachmentNames;
import io.weft.controlplane.ipam.AttachmentStore;
import io.weft.controlplane.model.ClusterNode;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.model.Protocol;
import io.weft.controlplane.model.Service;
import io.weft.controlplane.operator.OperatorState;
import io.weft.controlplane.source.ClusterChange;
import io.weft.controlplane.status.DataplaneView;
import io.weft.controlplane.status.Failures;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.table.TablesReader;
import io.weft.dataplane.table.TablesSizing;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Injects one failure into each task of the control loop: the loop recovers, and the failure is reported. */
class ControlLoopFailureTest {
    private static final NodeFacts FACTS = new NodeFacts(1500, Optional.empty(), 1);

    @TempDir private Path directory;
    private final Failures failures = new Failures();
    private volatile boolean compilerFails;
    private volatile boolean booksFail;
    private volatile boolean commitFails;
    private volatile boolean reportFails;
    private volatile int stuckPort = -1;
    private AttachmentStore store;
    private FakeDataplane dataplane;
    private DataplaneView view;
    private ControlLoop loop;

    @BeforeEach
    void start() throws Exception {
        NodeConfiguration configuration = NodeConfiguration.of(Map.of("nodeName", "n1", "uplink", "eth1",
            "serviceCidr", "10.96.0.0/16", "runDirectory", directory.toString()));
        store = AttachmentStore.open(directory.resolve("state"), "n1", PortId.COUNT);
        dataplane = new FakeDataplane(directory);
        view = new DataplaneView(directory);
        loop = new ControlLoop((local, peers) -> new TableCompiler(configuration, FACTS,
            new PeerCompiler(configuration.overlay(), configuration.serviceCidr()), compiler(configuration),
            new ReservedPorts(8472), local, peers),
            publisher(), List.of(), store, view, failures, this::reported);
        change(node(), service("web", 80));
        assertEquals("[web:80]", services());
    }

    private TablesPublisher publisher() {
        return new TablesPublisher(directory, new TablesSizing(1 << 20), this::oldestInUse) {
            @Override
            void removePort(int id) {
                if (id == stuckPort) { throw new IllegalStateException("port " + id); }
                super.removePort(id);
            }
        };
    }

    private ServiceCompiler compiler(NodeConfiguration configuration) {
        return new ServiceCompiler(configuration.serviceCidr(), configuration.nodePortRange(),
            new ReservedPorts(8472)) {
            @Override
            void use(OwnSite own) {
                if (booksFail) { throw new NullPointerException("books"); }
                super.use(own);
            }

            @Override
            Compiled compile(Service service, Collection<EndpointSlice> slices, OperatorState operator) {
                if (compilerFails && service.name().equals("web")) { throw new StackOverflowError(); }
                return super.compile(service, slices, operator);
            }
        };
    }

    private long oldestInUse() {
        if (commitFails) { throw new InternalError("a fault occurred in a recent unsafe memory access operation"); }
        return Long.MAX_VALUE;
    }

    private void reported() {
        if (reportFails) { throw new IllegalStateException("report"); }
    }

    @AfterEach
    void stop() throws Exception {
        loop.close();
        view.close();
        dataplane.close();
        store.close();
    }

    @Test
    void leavesOutAndReportsAnObjectThatTheCompilerFailsOn() {
        compilerFails = true;
        change(service("web", 81), service("other", 90));
        assertEquals("[other:90]", services());
        assertEquals(
            List.of(
                "Service default/web: is left out because Weft failed on it: java.lang.StackOverflowError; report it,"
                    + " with the log"),
            loop.report().problems().stream().map(Problem::text).toList());
        assertTrue(failures.summary().count() > 0);
        assertEquals("", loop.fault());
        compilerFails = false;
        Await.until("the object is compiled again", () -> services().equals("[other:90, web:81]"));
        assertEquals(List.of(), loop.report().problems());
    }

    @Test
    void keepsTheTablesAndReportsItWhileNothingCanBeCompiled() {
        booksFail = true;
        change(node("another zone"), service("other", 90));
        assertEquals("[web:80]", services());
        assertTrue(loop.fault().startsWith("the control loop cannot rebuild the tables: "), loop.fault());
        assertEquals(loop.fault(), loop.report().fault());
        change(service("more", 91));
        booksFail = false;
        Await.until("the loop has recovered", () -> services().equals("[more:91, other:90, web:80]"));
        Await.until("well again", () -> loop.fault().isEmpty());
    }

    @Test
    void recoversFromAFailedCommitWithANewFile() {
        long incarnation = loop.report().incarnation();
        commitFails = true;
        change(service("other", 90));
        Await.until("STATUS tells", () -> !loop.fault().isEmpty());
        commitFails = false;
        Await.until("the loop has recovered", () -> services().equals("[other:90, web:80]") && loop.fault().isEmpty());
        assertTrue(loop.report().incarnation() != incarnation);
    }

    private static AttachmentNames names(String container) {
        return new AttachmentNames(new AttachmentKey(container, "eth0"), "weft", "/none", "");
    }

    @Test
    void opensAPodsPortLaterIfItCouldNotBeCommitted() throws Exception {
        Attachment attachment = loop.allocate(names("c1"), 1450);
        commitFails = true;
        assertThrows(CompletionException.class, () -> loop.openPort(attachment));
        commitFails = false;
        Await.until("the port", () -> ports() == 1);
    }

    @Test
    void aFailureWhileFollowingDevicesAffectsOneAttachmentOnly() throws Exception {
        for (String id : List.of("c1", "c2", "c3")) {
            Attachment attachment = loop.allocate(names(id), 1450);
            loop.openPort(attachment);
            stuckPort = id.equals("c2") ? attachment.portId() : stuckPort;
        }
        assertEquals(3, ports());
        loop.followDevices(Set.of());
        Await.until("two attachments are released", () -> loop.report().attachments() == 1);
        assertTrue(failures.summary().last().contains("port " + stuckPort), failures.summary().last());
        assertEquals("", loop.fault());
    }

    @Test
    void countsAFailureToReport() {
        reportFails = true;
        change(service("other", 90));
        assertTrue(failures.summary().count() > 0);
        assertEquals("[other:90, web:80]", services());
        reportFails = false;
        Await.until("well again", () -> loop.fault().isEmpty());
    }

    private void change(ClusterObject... objects) {
        loop.changed(new ClusterChange(System.nanoTime(), List.of(objects), List.<ObjectKey>of()));
        loop.report();
    }

    private static ClusterNode node() {
        return node("");
    }

    private static ClusterNode node(String zone) {
        return new ClusterNode("n1", 0, List.of(IpPrefix.of("10.244.1.0/24")), List.of(IpAddress.of("192.0.2.1")),
            zone, Optional.empty(), List.of());
    }

    private static Service service(String name, int port) {
        return Service.clusterIp("default", name, 0, List.of(IpAddress.of("10.96.0.1")),
            List.of(new Service.Port("", port, Protocol.TCP)));
    }

    private String services() {
        TreeSet<String> all = new TreeSet<>();
        try (TablesReader reader = TablesReader.open(directory)) {
            reader.services().forEach(
                service -> all.add(service.name().replace("default/", "") + ":" + service.key().port()));
        }
        return all.toString();
    }

    private int ports() {
        try (TablesReader reader = TablesReader.open(directory)) {
            return reader.snapshot().ports().size();
        }
    }
}
