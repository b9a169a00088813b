package io.weft.controlplane.cni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.controlplane.cni.CniNode.Answer;
import io.weft.controlplane.ipam.AttachmentKey;
import io.weft.controlplane.ipam.AttachmentStore;
import io.weft.encap.address.Ipv4Address;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.Rule;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Two attachments in one pod, and concurrent requests. */
class SecondInterfaceTest extends CniPodTest {
    private static final int PORT = 5353;
    private static final int TIMEOUT_MILLIS = 30_000;

    @Test
    void theSecondInterfaceLeavesTheRoutesOfTheFirstAlone() {
        Answer first = node.add("c1", "eth0", pod.path());
        assertEquals(2, first.json().path("routes").size());
        List<Route> routes = routes();
        List<Rule> rules = rules();
        Answer second = node.add("c1", "net1", pod.path());
        assertEquals(0, second.status(), second.text());
        assertEquals(0, second.json().path("routes").size());
        assertEquals(routes, routes());
        assertEquals(second, node.add("c1", "net1", pod.path()), "repeated");
        assertEquals(routes, routes());
        assertEquals(rules.size() + 1, rules().size());
        assertEquals(Answer.SILENT, node.check("c1", "eth0", pod.path()));
        assertEquals(Answer.SILENT, node.check("c1", "net1", pod.path()));
        assertEquals(Answer.SILENT, node.delete("c1", "net1", pod.path()));
        assertEquals(routes, routes());
        assertEquals(rules, rules());
        assertEquals(Answer.SILENT, node.check("c1", "eth0", pod.path()));
    }

    @Test
    void theSecondInterfaceIsUnchangedWhenTheFirstIsDetached() {
        node.add("c1", "eth0", pod.path());
        node.add("c1", "net1", pod.path());
        assertEquals(Answer.SILENT, node.delete("c1", "eth0", pod.path()));
        assertEquals(List.of(), routes());
        assertEquals(Answer.SILENT, node.check("c1", "net1", pod.path()));
        assertEquals(0, node.add("c1", "eth0", pod.path()).status());
        assertEquals(3, routes().size());
        assertEquals(Answer.SILENT, node.check("c1", "eth0", pod.path()));
    }

    @Test
    void checkReportsAMissingRuleOfTheSecondInterface() {
        node.add("c1", "eth0", pod.path());
        node.add("c1", "net1", pod.path());
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(pod.path())) {
            rtnetlink.rules().stream().filter(rule -> rule.priority() == PodEnd.RULE_PRIORITY)
                .forEach(rtnetlink::deleteRule);
        }
        assertEquals("the pod has no default route through 10.244.7.1",
            node.check("c1", "net1", pod.path()).json().path("msg").asText());
        assertEquals(Answer.SILENT, node.check("c1", "eth0", pod.path()));
        assertEquals(0, node.add("c1", "net1", pod.path()).status());
        assertEquals(Answer.SILENT, node.check("c1", "net1", pod.path()));
    }

    /** The node's kernel acts as the gateway in place of the dataplane; the other interface carries no traffic. */
    @Test
    void requestsAreAnsweredByTheInterfaceTheyCameIn() throws Exception {
        String firstAddress = node.add("c1", "eth0", pod.path()).address();
        String secondAddress = node.add("c1", "net1", pod.path()).address();
        assertAnswers(secondAddress, hostEnd("net1"), hostEnd("eth0"));
        assertAnswers(firstAddress, hostEnd("eth0"), hostEnd("net1"));
    }

    private void assertAnswers(String prefix, String by, String notBy) throws Exception {
        InetAddress address = InetAddress.getByName(prefix.substring(0, prefix.indexOf('/')));
        NetworkNamespace.run(node.namespace.path(), () -> forward(by, Ipv4Address.of(address.getHostAddress())));
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(node.namespace.path())) {
            rtnetlink.setDown(rtnetlink.link(notBy).orElseThrow().index());
            rtnetlink.setUp(rtnetlink.link(by).orElseThrow().index());
            forwardAgain(rtnetlink, by, Ipv4Address.of(address.getHostAddress()));
        }
        try (ServerSocket server = NetworkNamespace.call(pod.path(), () -> new ServerSocket(PORT));
            Socket client = NetworkNamespace.call(node.namespace.path(), () -> gatewaySocket())) {
            client.connect(new InetSocketAddress(address, PORT), TIMEOUT_MILLIS);
            client.setSoTimeout(TIMEOUT_MILLIS);
            server.setSoTimeout(TIMEOUT_MILLIS);
            try (Socket accepted = server.accept()) {
                accepted.getOutputStream().write('w');
            }
            assertEquals('w', client.getInputStream().read());
        }
    }

    /** Binds immediately, so that the socket belongs to the calling thread's namespace. */
    private static Socket gatewaySocket() throws IOException {
        Socket socket = new Socket();
        socket.bind(new InetSocketAddress("10.244.7.1", 0));
        return socket;
    }

    private static void forward(String device, int podIp) {
        Sysctl.write("net/ipv4/conf/" + device + "/rp_filter", "0");
        Sysctl.write("net/ipv4/conf/all/rp_filter", "0");
        try (Rtnetlink rtnetlink = Rtnetlink.open()) {
            int ifindex = rtnetlink.link(device).orElseThrow().index();
            rtnetlink.setDown(ifindex);
            rtnetlink.setAddress(ifindex, CniNode.GATEWAY_MAC);
            rtnetlink.setUp(ifindex);
            rtnetlink.replaceAddress(ifindex, Ipv4Address.of("10.244.7.1"), 32, Route.RT_SCOPE_UNIVERSE);
            rtnetlink.replaceRoute(Route.to(podIp, 32).device(ifindex));
        }
    }

    /** A device loses its routes when it goes down. */
    private static void forwardAgain(Rtnetlink rtnetlink, String device, int podIp) {
        rtnetlink.replaceRoute(Route.to(podIp, 32).device(rtnetlink.link(device).orElseThrow().index()));
    }

    private static String hostEnd(String ifName) {
        return AttachmentStore.hostIfName(new AttachmentKey("c1", ifName));
    }

    @Test
    void concurrentAddsGetTheirRoutes() throws Exception {
        for (int round = 0; round < 10; round++) {
            List<Answer> answers = atOnce(List.of(() -> node.add("c1", "eth0", pod.path()),
                () -> node.add("c1", "net1", pod.path())));
            answers.forEach(answer -> assertEquals(0, answer.status(), answer.text()));
            assertEquals(2, answers.stream().mapToInt(answer -> answer.json().path("routes").size()).sum());
            assertEquals(3, routes().size());
            assertEquals(Answer.SILENT, node.check("c1", "eth0", pod.path()));
            assertEquals(Answer.SILENT, node.check("c1", "net1", pod.path()));
            atOnce(List.of(() -> node.delete("c1", "eth0", pod.path()), () -> node.delete("c1", "net1", pod.path())))
                .forEach(answer -> assertEquals(Answer.SILENT, answer));
            assertEquals(List.of(), routes());
            assertEquals(3, rules().size());
        }
    }

    @Test
    void concurrentRepeatedRequestsLeaveNothing() throws Exception {
        List<Callable<Answer>> requests = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            requests.add(() -> node.add("c1", "eth0", pod.path()));
            requests.add(() -> node.check("c1", "eth0", pod.path()));
            requests.add(() -> node.delete("c1", "eth0", pod.path()));
            requests.add(() -> node.collect("null"));
        }
        for (Answer answer : atOnce(requests)) {
            assertTrue(answer.status() == 0 || List.of(3, 102).contains(answer.code()), answer.text());
        }
        assertEquals(0, node.add("c1", "eth0", pod.path()).status());
        assertEquals(Answer.SILENT, node.check("c1", "eth0", pod.path()));
        assertEquals(Answer.SILENT, node.delete("c1", "eth0", pod.path()));
        assertEquals(List.of(), node.store.all());
        assertEquals(List.of(), node.hostEnds());
        assertEquals(List.of(), routes());
    }

    private static List<Answer> atOnce(List<Callable<Answer>> requests) throws Exception {
        try (ExecutorService executor = Executors.newFixedThreadPool(requests.size())) {
            List<Answer> answers = new ArrayList<>();
            for (Future<Answer> answer : executor.invokeAll(requests)) {
                answers.add(answer.get());
            }
            return answers;
        }
    }

    private List<Route> routes() {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(pod.path())) {
            return rtnetlink.routes(Route.RT_TABLE_MAIN);
        }
    }

    private List<Rule> rules() {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(pod.path())) {
            return rtnetlink.rules();
        }
    }
}
