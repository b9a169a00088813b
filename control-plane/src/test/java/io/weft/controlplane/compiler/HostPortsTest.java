package io.weft.controlplane.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.controlplane.ipam.Attachment;
import io.weft.controlplane.ipam.AttachmentKey;
import io.weft.controlplane.ipam.AttachmentNames;
import io.weft.controlplane.ipam.AttachmentStore;
import io.weft.controlplane.ipam.PortMapping;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.Overlay;
import io.weft.dataplane.table.TablesReader;
import io.weft.dataplane.table.TablesSizing;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.lb.service.Backend;
import io.weft.lb.service.FrontendKind;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** hostPorts of attachments, through the publisher, in a real tables file. */
class HostPortsTest {
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final IpAddress NODE = IpAddress.of("192.0.2.11");

    @TempDir Path directory;

    private TablesPublisher publisher;

    @BeforeEach
    void open() {
        publisher = new TablesPublisher(directory, new TablesSizing(4 << 20), () -> Long.MAX_VALUE);
        publisher.allowPublication();
        publisher.putLocal(new LocalNode("n1", NODE, IpPrefix.of("10.244.1.0/24"), IpPrefix.of("10.244.0.0/16"),
            IpPrefix.of("10.96.0.0/16"), 0x0200_0000_0101L, new Overlay(Encapsulation.VXLAN, 1, 8472), 1450, 1450, true,
            61_000, 65_535));
    }

    @AfterEach
    void close() {
        publisher.close();
    }

    private static Attachment pod(int number, PortMapping... mappings) {
        AttachmentKey key = new AttachmentKey("c" + number, "eth0");
        return new Attachment(new AttachmentNames(key, "weft", "/run/netns/p", "default/p" + number),
            AttachmentStore.hostIfName(key), 10 + number, number, IpAddress.of("10.244.1." + (10 + number)),
            0x0200_0000_0A00L + number, 1450, List.of(mappings));
    }

    private static PortMapping mapping(String hostIp, int hostPort, int protocol, int containerPort) {
        return new PortMapping(IpAddress.of(hostIp), hostPort, protocol, containerPort);
    }

    private static ServiceSpec nodePort(int port) {
        return new ServiceSpec(new ServiceKey(ServiceKey.NODE_ADDRESSES, port, TCP), FrontendKind.NODE_PORT,
            "default/web:http", false, false, 0, List.of(), List.of(Backend.ready(IpAddress.of("10.244.2.9"), 80)));
    }

    /** Kind and backend by key, as a dataplane reads them. */
    private Map<String, String> frontends() {
        publisher.commit();
        Map<String, String> all = new TreeMap<>();
        try (TablesReader reader = TablesReader.open(directory)) {
            reader.services().forEach(spec -> all.put(
                spec.key().vip() + ":" + spec.key().port() + "/" + spec.key().protocol(),
                FrontendKind.name(spec.kind()) + " " + spec.name() + " " + spec.backends().getFirst().ip() + ":"
                    + spec.backends().getFirst().port()));
        }
        return all;
    }

    @Test
    void anAttachmentsPortsLeadToItsPodUntilItGoes() {
        publisher.putPort(pod(1, mapping("0.0.0.0", 8080, TCP, 80), mapping("192.0.2.11", 53, UDP, 5353)));
        publisher.putPort(pod(2, mapping("192.0.2.12", 53, UDP, 53)));
        assertEquals(Map.of("0.0.0.0:8080/6", "HostPort default/p1:80 10.244.1.11:80",
            "192.0.2.11:53/17", "HostPort default/p1:5353 10.244.1.11:5353",
            "192.0.2.12:53/17", "HostPort default/p2:53 10.244.1.12:53"), frontends());
        publisher.removePort(11);
        assertEquals(Map.of("192.0.2.12:53/17", "HostPort default/p2:53 10.244.1.12:53"), frontends());
        publisher.removePort(12);
        assertEquals(Map.of(), frontends());
        assertEquals(List.of(), publisher.hostPortProblems());
    }

    @Test
    void aServicesPortIsUsedAndThePodsReturnsAfterIt() {
        publisher.putPort(pod(1, mapping("0.0.0.0", 30_080, TCP, 80)));
        publisher.putService(nodePort(30_080));
        assertEquals(Map.of("0.0.0.0:30080/6", "NodePort default/web:http 10.244.2.9:80"), frontends());
        assertEquals("Pod default/p1: hostPort 30080/TCP is not served: it is a port of a Service",
            publisher.hostPortProblems().getFirst().text());
        publisher.removeService(nodePort(30_080).key());
        assertEquals(Map.of("0.0.0.0:30080/6", "HostPort default/p1:80 10.244.1.11:80"), frontends());

        publisher.putService(nodePort(30_081));
        publisher.putPort(pod(2, mapping("0.0.0.0", 30_081, TCP, 80)));
        publisher.removePort(12);
        assertEquals("NodePort default/web:http 10.244.2.9:80", frontends().get("0.0.0.0:30081/6"));
    }

    @Test
    void sctpIsNamedAndNotServed() {
        publisher.putPort(pod(1, mapping("0.0.0.0", 5000, PortMapping.SCTP, 5000)));
        assertEquals(Map.of(), frontends());
        assertEquals("Pod default/p1: hostPort 5000/SCTP is not served: SCTP is not supported",
            publisher.hostPortProblems().getFirst().text());
    }

    @Test
    void aLargerFileHasThemToo() {
        publisher.putPort(pod(1, mapping("0.0.0.0", 8080, TCP, 80)));
        long incarnation = publisher.incarnation();
        for (int i = 1; publisher.incarnation() == incarnation; i++) {
            publisher.putService(new ServiceSpec(new ServiceKey(IpAddress.ipv4(0x0A60_0000 + i), 80, TCP),
                "default/s" + i + ":" + "x".repeat(900), List.of(Backend.ready(IpAddress.of("10.244.2.9"), 80))));
        }
        assertTrue(frontends().containsKey("0.0.0.0:8080/6"));
    }
}
