package io.weft.controlplane.cni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.controlplane.cni.CniNode.Answer;
import io.weft.controlplane.ipam.PortMapping;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.nativebindings.netlink.NetworkNamespace;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** hostPorts that the runtime sends to the plug-in, with real pods. */
class PortMappingsTest extends CniPodTest {
    @Override
    CniNode makeNode() throws IOException {
        return new CniNode(directory, IpPrefix.of("10.244.7.0/28"), Duration.ofSeconds(5));
    }

    private Answer call(String command, String container, String mappings) {
        return node.call(command, container, "eth0", pod.path().toString(),
            "\"runtimeConfig\":{\"portMappings\":" + mappings + "}");
    }

    private static String mapping(int hostPort, String protocol, String hostIp) {
        return "{\"hostPort\":" + hostPort + ",\"containerPort\":80,\"protocol\":\"" + protocol + "\",\"hostIP\":\""
            + hostIp + "\"}";
    }

    private List<PortMapping> recorded() {
        return node.tables.all().stream().flatMap(attachment -> attachment.portMappings().stream()).toList();
    }

    private static String message(Answer answer) {
        return answer.json().path("msg").asText();
    }

    @Test
    void theyAreReadAsContainerdWritesThem() throws Exception {
        Answer added = call("ADD", "c1",
            "[{\"HostPort\":8080,\"ContainerPort\":80,\"Protocol\":\"tcp\",\"HostIP\":\"\"}]");
        assertEquals(0, added.status(), added.text());
        assertEquals(List.of(new PortMapping(IpAddress.ipv4(0), 8080, 6, 80)), recorded());
    }

    @Test
    void theyAreRecordedCheckedKeptAndFreed() throws Exception {
        String mappings = "[" + mapping(8080, "tcp", "") + "," + mapping(53, "UDP", "192.0.2.11") + ","
            + mapping(0, "tcp", "") + "," + mapping(9000, "tcp", "2001:db8::1") + "," + mapping(8080, "tcp", "::")
            + "]";
        Answer added = call("ADD", "c1", mappings);
        assertEquals(0, added.status(), added.text());
        List<PortMapping> wanted = List.of(new PortMapping(IpAddress.ipv4(0), 8080, 6, 80),
            new PortMapping(IpAddress.of("192.0.2.11"), 53, 17, 80));
        assertEquals(wanted, recorded());
        assertEquals(added.address(), call("ADD", "c1", mappings).address(), "a repeated ADD");
        assertEquals(Answer.SILENT, call("CHECK", "c1", mappings));
        assertEquals("hostPort 8081/TCP does not lead to port 80 of the pod",
            message(call("CHECK", "c1", "[" + mapping(8081, "tcp", "") + "]")));
        node.stop();
        node.start();
        assertEquals(wanted, recorded());
        assertEquals(0, call("DEL", "c1", mappings).status());
        assertEquals(List.of(), recorded());
    }

    @Test
    void aPortOfAnotherPodIsRefusedAndNothingIsLeft() {
        assertEquals(0, call("ADD", "c1", "[" + mapping(8080, "tcp", "") + "]").status());
        Answer refused = node.call("ADD", "c2", "eth1", pod.path().toString(),
            "\"runtimeConfig\":{\"portMappings\":[" + mapping(8080, "tcp", "192.0.2.11") + "]}");
        assertEquals(CniErrorCode.PORT_TAKEN, refused.code(), refused.text());
        assertTrue(message(refused).startsWith("hostPort 192.0.2.11:8080/TCP is that of c1/eth0"), refused.text());
        assertEquals(1, node.tables.all().size());
        assertEquals(1, node.hostEnds().size());
        assertEquals(0, node.collect("[]").status());
        assertEquals(List.of(), recorded());
    }

    @Test
    void otherMappingsOfTheSameContainerReplaceTheFormer() {
        assertEquals(0, call("ADD", "c1", "[" + mapping(8080, "tcp", "") + "]").status());
        assertEquals(0, call("ADD", "c1", "[" + mapping(8081, "tcp", "") + "]").status());
        assertEquals(List.of(new PortMapping(IpAddress.ipv4(0), 8081, 6, 80)), recorded());
    }

    @Test
    void portsByWhichTheNodeIsManagedAreRefused() {
        for (int port : new int[]{22, 2379, 2380, 6443, 10_250, 10_255}) {
            Answer refused = call("ADD", "c1", "[" + mapping(port, "tcp", "") + "]");
            assertEquals(CniErrorCode.PORT_TAKEN, refused.code(), refused.text());
            assertEquals("hostPort " + port + "/TCP is for managing the node", message(refused));
        }
        assertEquals(0, call("ADD", "c1", "[" + mapping(22, "udp", "") + "]").status());
    }

    @Test
    void aPortOnWhichTheNodeListensIsRefused() throws Exception {
        for (String listener : List.of("0.0.0.0", "127.0.0.1")) {
            try (ServerSocket _ = NetworkNamespace.call(node.namespace.path(),
                () -> new ServerSocket(443, 1, InetAddress.getByName(listener)))) {
                Answer refused = call("ADD", "c1", "[" + mapping(443, "tcp", "") + "]");
                assertEquals(CniErrorCode.PORT_TAKEN, refused.code(), refused.text());
                assertEquals("a process of the node listens on hostPort 443/TCP", message(refused));
            }
        }
        try (ServerSocket _ = NetworkNamespace.call(node.namespace.path(),
            () -> new ServerSocket(443, 1, InetAddress.getByName("127.0.0.53")))) {
            assertEquals(0, call("ADD", "c1", "[" + mapping(443, "tcp", "") + "]").status());
        }
    }

    @Test
    void whatIsNoMappingIsRefusedWithItsField() {
        assertEquals("runtimeConfig.portMappings: is not a list", message(call("ADD", "c1", "{}")));
        assertEquals("runtimeConfig.portMappings: hostPort is 70000, not a port",
            message(call("ADD", "c1", "[" + mapping(70_000, "tcp", "") + "]")));
        assertEquals("runtimeConfig.portMappings: containerPort is missing",
            message(call("ADD", "c1", "[{\"hostPort\":80}]")));
        assertEquals("runtimeConfig.portMappings: protocol is icmp, not tcp, udp or sctp",
            message(call("ADD", "c1", "[" + mapping(80, "icmp", "") + "]")));
        assertEquals("runtimeConfig.portMappings: hostIP is node, not an IP address",
            message(call("ADD", "c1", "[" + mapping(80, "tcp", "node") + "]")));
        assertEquals(0, call("ADD", "c1", "null").status());
    }
}
