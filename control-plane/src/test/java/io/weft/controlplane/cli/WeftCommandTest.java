package io.weft.controlplane.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.controlplane.FakeDataplane;
import io.weft.controlplane.status.ControlPlaneStatus;
import io.weft.controlplane.status.StatusFile;
import io.weft.dataplane.config.ConfigurationKey;
import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.PortState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands against files of a run directory, with no process running. */
class WeftCommandTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir private Path run;

    @Test
    void showsTheContentsOfTheFiles() throws Exception {
        writeTables();
        try (FakeDataplane dataplane = new FakeDataplane(run)) {
            dataplane.say(2, 77, "weft0123456789a", PortState.UP, "");
            assertEquals(
                """
                    SERVICE      ADDRESS     PORT   PROTOCOL  KIND       BACKEND     BACKEND PORT  LOCAL  USE            OPERATOR
                    default/web  10.96.0.10     80  tcp       ClusterIP  10.244.1.5          8080  true   Cluster
                    default/web  10.96.0.10     80  tcp       ClusterIP  10.244.2.7          8080  false  Cluster
                    default/web  node        30080  tcp       NodePort   10.244.1.5          8080  true   Cluster,Local
                    default/web  node        30080  tcp       NodePort   10.244.2.7          8080  false  none
                    """,
                weft("show", "backends").out());
            assertEquals(
                """
                    ADDRESS     PORT   PROTOCOL  KIND       NAME         POLICY   AFFINITY SECONDS  BALANCING  SOURCE RANGES  BACKENDS  LOCAL  OPERATOR
                    10.96.0.10     80  tcp       ClusterIP  default/web  Cluster                 0  random                           2      1
                    node        30080  tcp       NodePort   default/web  Local                  60  maglev     192.0.2.0/24          1      1
                    """,
                weft("show", "services").out());
            JsonNode service = JSON.readTree(weft("show", "services", "-o", "json").out()).get(1);
            assertEquals("NodePort Local 60 maglev",
                service.path("kind").asText() + " " + service.path("policy").asText()
                    + " " + service.path("affinitySeconds").asInt() + " " + service.path("balancing").asText());
            assertTrue(weft("show", "services", "-o", "yaml").out().contains("kind: \"NodePort\""));
            JsonNode port = JSON.readTree(weft("show", "ports", "-o", "json").out()).get(0);
            assertEquals("10.244.1.5", port.path("address").asText());
            assertEquals("up", port.path("state").asText());
            assertTrue(weft("show", "tunnels").out().contains("n2    192.0.2.2"));
            assertTrue(weft("show", "routes", "-o", "yaml").out().contains("prefix: \"10.244.2.0/24\""));
            assertEquals(0, weft("show", "counters").status());
            assertEquals("REASON  FRAMES  FROM\n", weft("show", "drops").out());
            assertTrue(weft("show", "drops", "--all").out().contains("spoofed_source"));
            CommandRun.Outcome status = weft("status");
            assertEquals(0, status.status());
            assertTrue(status.out().contains("node           n1\ndataplane      running"), status.out());
            assertTrue(status.out().contains("control plane  DOWN"), status.out());
            assertEquals("n1", JSON.readTree(weft("status", "-o", "json").out()).path("node").asText());
        }
    }

    @Test
    void dropsNameThePortsThatTheFramesCameFrom() throws Exception {
        writeTables();
        StatusFile.write(run,
            CommandRun.status(1, new ControlPlaneStatus.CniInstallation("/etc/05-weft.conflist", "", List.of())));
        try (FakeDataplane dataplane = new FakeDataplane(run)) {
            dataplane.say(1, 0, "uplink0", PortState.UP, "");
            dataplane.say(2, 77, "weft0123456789a", PortState.UP, "");
            dataplane.drop(1, DropReason.TTL_EXPIRED);
            dataplane.drop(2, DropReason.TTL_EXPIRED);
            dataplane.drop(2, DropReason.TTL_EXPIRED);
            assertEquals("""
                REASON       FRAMES  FROM
                ttl_expired       3  default/web-0 2, uplink0 1
                """, weft("show", "drops").out());
        }
    }

    @Test
    void statusCountsFrontendsThatClientsOutsideDoNotReach() {
        writeTables();
        try (FakeDataplane dataplane = new FakeDataplane(run)) {
            assertFalse(weft("status").out().contains("frontends"));
            dataplane.set(ConductorGauge.UPLINK_FRONTENDS, 90);
            dataplane.set(ConductorGauge.UPLINK_FRONTENDS_LEFT_OUT, 12);
            dataplane.set(ConductorGauge.UPLINK_FRONTENDS_MAX, 100);
            String status = weft("status").out();
            assertTrue(
                status.contains("\n               12 frontends of Services are not served to clients outside, 90 are:"
                    + " the uplink's XDP program has room for 100 entries, one for each frontend and one for each of their"
                    + " addresses\n"),
                status);
        }
    }

    @Test
    void statusNamesConfigurationsThatTheRuntimePrefers() throws Exception {
        StatusFile.write(run, CommandRun.status(0, new ControlPlaneStatus.CniInstallation("/etc/05-weft.conflist",
            "Weft's dataplane is down", List.of("00-other.conf"))));
        String status = weft("status").out();
        assertTrue(status.contains("""
            CNI            /etc/05-weft.conflist not in place: Weft's dataplane is down
                           NOT USED: the runtime prefers 00-other.conf
            """), status);
    }

    @Test
    void cniInstallRefusesWhileTheNodeIsNotReady() {
        CommandRun.Outcome outcome = weft(cni("install"));
        assertEquals(1, outcome.status());
        assertEquals(
            "weft: nothing was installed, because this node cannot add pods yet: Weft's control plane is down\n",
            outcome.err());
        assertFalse(Files.exists(run.resolve("bin")) || Files.exists(run.resolve("net.d")));
    }

    @Test
    void cniUninstallKeepsThePluginWhilePodsAreAttached() throws Exception {
        Path plugin = Files.createDirectory(run.resolve("bin")).resolve("weft-cni");
        Path conflist = Files.createDirectory(run.resolve("net.d")).resolve("05-weft.conflist");
        Files.createFile(plugin);
        Files.createFile(conflist);
        StatusFile.write(run, CommandRun.status(2, null));
        CommandRun.Outcome attached = weft(cni("uninstall"));
        assertEquals(
            conflist + " removed\n" + plugin + " stays, because 2 pods are attached and the runtime needs it to"
                + " detach them: drain the node, then uninstall again\n",
            attached.out());
        assertTrue(Files.exists(plugin));
        StatusFile.write(run, CommandRun.status(0, null));
        assertEquals(conflist + " was not there\n" + plugin + " removed\n", weft(cni("uninstall")).out());
        assertFalse(Files.exists(plugin));
    }

    private String[] cni(String command) {
        return new String[]{"cni", command, "--set", "cni.binDirectory=" + run.resolve("bin"), "--set",
            "cni.confDirectory=" + run.resolve("net.d"), "--set", "stateDirectory=" + run.resolve("state")};
    }

    @ParameterizedTest
    @ValueSource(strings = {"ports", "pods", "services", "backends", "routes", "neighbours", "tunnels", "flows",
        "counters",
        "drops", "annotations"})
    void withoutFilesShowFailsInOneLine(String subject) {
        CommandRun.Outcome outcome = weft("show", subject);
        assertEquals(1, outcome.status(), outcome.err());
        assertEquals(1, outcome.err().lines().count(), outcome.err());
        assertTrue(outcome.err().startsWith("weft: "), outcome.err());
    }

    @Test
    void statusReportsMissingFiles() {
        CommandRun.Outcome outcome = weft("status");
        assertEquals(1, outcome.status());
        assertTrue(outcome.out().contains("dataplane      DOWN"), outcome.out());
    }

    @Test
    void wrongUsageAndConfigurationAreStatusTwoAndOneLine() throws Exception {
        for (List<String> arguments : List.of(List.of("shw"), List.of("show"), List.of("show", "prts"),
            List.<String>of(),
            List.of("status", "--set", "workers=many"), List.of("control-plane", "--set", "nodeName=n1"))) {
            CommandRun.Outcome outcome = weft(arguments.toArray(String[]::new));
            assertEquals(2, outcome.status(), arguments.toString());
            assertEquals(1, outcome.err().lines().count(), outcome.err());
        }
        Path other = Files.writeString(run.resolve("other.yaml"),
            "uplink: eth0\nsource:\n  manifests: /m\n  kubeconfig: /x\n");
        assertEquals("weft: " + other + ":4: source.kubeconfig: source.manifests is set too; there is one source\n",
            weft("node", "--config", other.toString()).err());
        assertEquals("weft: " + run + "/kubeconfig: no such file or directory\n",
            weft("control-plane", "--check-config",
                "--set", "uplink=eth0", "--set", "source.kubeconfig=" + run.resolve("kubeconfig")).err());
        Path file = Files.writeString(run.resolve("weft.yaml"), "uplink: eth0\nworker: 2\n");
        assertEquals("weft: " + file + ":2: worker: unknown key\n",
            weft("node", "--check-config", "--config", file.toString()).err());
    }

    @Test
    void checkConfigAcceptsACorrectFile() {
        assertEquals(new CommandRun.Outcome(0, "", ""), weft("control-plane", "--check-config", "--set",
            "uplink=eth0", "--set", "source.manifests=/etc/weft/manifests"));
    }

    @Test
    void doctorReportsWhatIsWrong() {
        CommandRun.Outcome outcome = weft("doctor", "--set", "uplink=nosuch0");
        assertEquals(1, outcome.status());
        assertTrue(outcome.out().contains("FAIL  uplink           nosuch0 does not exist"), outcome.out());
        assertTrue(outcome.out().contains("OK    java"), outcome.out());
        assertTrue(outcome.out().contains("snat ports"), outcome.out());
        assertTrue(weft("doctor", "--set", "source.kubeconfig=/nosuch").out()
            .contains("FAIL  source           /nosuch: no such file or directory"), outcome.out());
    }

    @Test
    void everyKeyIsDocumented() throws Exception {
        String page = Files.readString(Path.of("..", "docs", "configuration.md"));
        for (ConfigurationKey key : ConfigurationKey.values()) {
            String value = key.defaultText().isEmpty() ? "" : "`" + key.defaultText() + "`";
            String row = "| `" + key.key() + "` | " + value + " | " + key.help() + " |";
            assertTrue(page.contains(row), "docs/configuration.md lacks: " + row);
        }
    }

    @Test
    void everyReasonToDropIsInTheRunbook() throws Exception {
        String page = Files.readString(Path.of("..", "docs", "runbook.md"));
        for (int i = 0; i < DropReason.count(); i++) {
            String label = "`" + DropReason.of(i).label() + "`";
            assertTrue(page.contains(label), "docs/runbook.md lacks " + label);
        }
    }

    private void writeTables() {
        CommandRun.writeTables(run);
    }

    private CommandRun.Outcome weft(String... arguments) {
        return CommandRun.of(run, arguments);
    }
}
