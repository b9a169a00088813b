package io.weft.vmlab.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.linux.ProcessSignals;
import io.weft.vmlab.LabExtension;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.Manifests;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.traffic.SequencedUdp;
import io.weft.vmlab.traffic.UdpEcho;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The status page of a real node in a real Chromium, with real figures; it leaves screenshots in {@code target/status-page}. */
class StatusPageIT {
    private static final String URL = "http://127.0.0.1:9797/";
    private static final Path SCREENSHOTS = Path.of("target/status-page");
    private static final InetSocketAddress WEB = new InetSocketAddress("10.96.0.80", 80);
    private static final int BACKEND_PORT = 8080;
    private static final int UDP_PORT = 5001;
    private static final int PACKETS_PER_SECOND = 2000;
    private static final int TAB = 9;
    private static final int ENTER = 13;
    @RegisterExtension static final LabExtension LAB = ApiLab.SHARED.needing("chromium");
    private static Lab lab;
    private static WeftNode node;
    private static Pod near;
    private static Pod far;
    private static UdpEcho.Server backend;
    @TempDir Path directory;
    private Chromium browser;

    @BeforeAll
    static void bringUp() throws Exception {
        lab = LAB.lab();
        node = lab.node("n1");
        near = node.addPod("near");
        far = lab.node("n2").addPod("far");
        backend = UdpEcho.serve(far.thread(), far.port(BACKEND_PORT));
        List<Manifests.Port> ports = List.of(new Manifests.Port("echo", "UDP", WEB.getPort(), BACKEND_PORT));
        List<Manifests.Endpoint> endpoints = List.of(new Manifests.Endpoint(far.address(), "n2", true));
        lab.manifests().service("web", WEB.getAddress(), ports);
        lab.manifests().endpoints("web", ports, endpoints);
        lab.awaitEndpoints(WEB, endpoints);
    }

    @AfterAll
    static void takeDown() throws Exception {
        if (backend != null) {
            backend.close();
        }
    }

    @BeforeEach
    void open() throws Exception {
        browser = Chromium.start(node, directory);
        browser.open(URL);
        browser.await("document.activeElement && document.activeElement.id === 'token'");
    }

    @AfterEach
    void close() throws InterruptedException {
        browser.close();
    }

    /** With the keyboard alone. */
    private void logIn() throws Exception {
        browser.type(token());
        browser.press("Enter", ENTER);
        browser.await("!document.getElementById('figures').hidden");
    }

    private static String token() throws Exception {
        return Files.readAllLines(node.stateDirectory().resolve("api-tokens")).stream()
            .filter(line -> line.startsWith("read ")).findFirst().orElseThrow().substring("read ".length());
    }

    /** The sum of a column of a table, in which figures have thousands separators. */
    private static String sum(String table, int column) {
        return "[...document.querySelectorAll('#" + table + " tbody tr')].map(row => Number((row.cells[" + column
            + "] || {innerText: ''}).innerText.replace(/[^0-9]/g, ''))).reduce((a, b) => a + b, 0)";
    }

    @Test
    void anIdleNodeShowsItsState() throws Exception {
        logIn();
        browser.await("document.getElementById('updated').innerText");
        browser.await("document.querySelectorAll('#ports tbody tr').length === 3");
        assertEquals("n1", browser.text("node"));
        assertEquals("All is well", browser.text("summary"));
        String ports = browser.text("ports");
        assertTrue(ports.contains("uplink0") && ports.contains("weft-host") && ports.contains("n1-near"), ports);
        assertTrue(browser.text("tunnels").contains("resolved"), browser.text("tunnels"));
        String services = browser.text("services");
        assertTrue(services.contains("web") && services.contains("10.96.0.80:80/udp"), services);
        assertTrue(browser.text("facts").contains("up to date"), browser.text("facts"));
        browser.await("/ ms/.test(document.getElementById('latency').innerText)");
        browser.screenshot(SCREENSHOTS.resolve("idle.png"));
        assertEquals(List.of(), browser.complaints());
    }

    @Test
    void underLoadItShowsRatesAndShares() throws Exception {
        logIn();
        assertEquals(100, UdpEcho.measure(near.thread(), WEB, 100, 100_000).answered());
        try (SequencedUdp udp = SequencedUdp.start(near.thread(), far.thread(), far.port(UDP_PORT), far.port(UDP_PORT),
            PACKETS_PER_SECOND)) {
            browser.await(sum("ports", 4) + " > " + PACKETS_PER_SECOND / 2);
            browser.await(sum("services", 5) + " > 0");
            assertTrue(browser.text("services").contains("100 %"), browser.text("services"));
            browser.await(sum("ports", 5) + " > " + PACKETS_PER_SECOND / 2);
            browser.screenshot(SCREENSHOTS.resolve("load.png"));
            browser.prefer("prefers-color-scheme", "dark");
            browser.screenshot(SCREENSHOTS.resolve("load-dark.png"));
            udp.finish();
        }
    }

    @Test
    void aStaleSourceIsShownUntilItIsBack() throws Exception {
        logIn();
        browser.await("document.getElementById('summary').innerText === 'All is well'");
        Path manifests = lab.plan().manifests();
        Path away = manifests.resolveSibling("away");
        Files.move(manifests, away);
        try {
            browser.await("document.getElementById('summary').innerText === 'the source is stale'");
            assertTrue(browser.text("facts").contains("stale for"), browser.text("facts"));
            browser.screenshot(SCREENSHOTS.resolve("stale.png"));
            browser.prefer("prefers-color-scheme", "dark");
            browser.screenshot(SCREENSHOTS.resolve("stale-dark.png"));
        } finally {
            Files.move(away, manifests);
        }
        browser.await("document.getElementById('summary').innerText === 'All is well'");
    }

    @Test
    void aDataplaneThatDoesNotWorkIsShownUntilItDoes() throws Exception {
        logIn();
        long dataplane = node.dataplane().pid();
        ProcessSignals.send(dataplane, ProcessSignals.SIGSTOP);
        try {
            browser.await("document.getElementById('summary').innerText.includes('the dataplane is down')");
            assertFalse(browser.text("facts").contains("-1"), browser.text("facts"));
            browser.await("document.getElementById('ports').innerText.includes('was up')");
            assertTrue(browser.text("tunnels").contains("was resolved"), browser.text("tunnels"));
            browser.screenshot(SCREENSHOTS.resolve("down.png"));
        } finally {
            ProcessSignals.send(dataplane, ProcessSignals.SIGCONT);
        }
        browser.await("document.getElementById('summary').innerText === 'All is well'");
        assertEquals(List.of(), browser.complaints());
    }

    @Test
    void whatOperatorsHaveWrittenIsShown() throws Exception {
        NodeApi api = new NodeApi(node);
        api.write(201, "PUT", "/api/v1/pauses/default/web", "{\"comment\": \"maintenance\"}");
        logIn();
        browser.await("document.getElementById('writes').innerText.includes('pause default/web')");
        browser.await("document.getElementById('services').innerText.includes('paused')");
        assertTrue(browser.text("writes").contains("(maintenance)"), browser.text("writes"));
        browser.screenshot(SCREENSHOTS.resolve("operator.png"));
        api.write(200, "DELETE", "/api/v1/pauses/default/web", "");
        browser.await("document.getElementById('writes-part').hidden");
    }

    @Test
    void everythingIsReachedByTheKeyboardAndDarkWhereTheUserWantsIt() throws Exception {
        browser.type("this is not the token");
        browser.press("Enter", ENTER);
        browser.await("document.getElementById('login-error').innerText");
        assertEquals("token", browser.evaluate("document.activeElement.id").asText());
        logIn();
        Set<String> reached = new TreeSet<>();
        for (int i = 0; i < 12; i++) {
            browser.press("Tab", TAB);
            reached.add(browser.evaluate("(e => e.id || e.getAttribute('aria-labelledby') || e.className || e.tagName)"
                + "(document.activeElement)").asText());
        }
        assertTrue(reached.containsAll(Set.of("skip", "pause", "filter", "ports-title", "services-title", "drops-title",
            "tunnels-title", "latency-title")), reached.toString());
        String colour = "getComputedStyle(document.body).backgroundColor";
        browser.prefer("prefers-color-scheme", "light");
        assertEquals("rgb(255, 255, 255)", browser.evaluate(colour).asText());
        browser.prefer("prefers-color-scheme", "dark");
        assertEquals("rgb(13, 17, 23)", browser.evaluate(colour).asText());
        assertEquals(token(), browser.evaluate("sessionStorage.getItem('weft-token')").asText());
        assertEquals(0, browser.evaluate("localStorage.length").asInt());
        assertEquals("", browser.evaluate("document.cookie").asText());
    }
}
