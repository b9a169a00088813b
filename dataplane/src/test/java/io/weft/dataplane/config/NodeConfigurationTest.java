package io.weft.dataplane.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.table.Overlay;
import io.weft.encap.tunnel.Encapsulation;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeConfigurationTest {
    @TempDir private Path directory;

    @Test
    void defaultsNeedNoFile() {
        NodeConfiguration configuration = NodeConfiguration.of(Map.of());
        assertEquals(Path.of("/run/weft"), configuration.runDirectory());
        assertEquals(new CniConfiguration(Path.of("/run/weft/cni.sock"), false, Path.of("/opt/cni/bin"),
            Path.of("/etc/cni/net.d")), configuration.cni());
        assertEquals(8472, configuration.overlay().port());
        assertFalse(configuration.nodeName().isEmpty());
    }

    @Test
    void theNodesNameIsInLowerCaseAndTrimmedAsTheKubeletMakesIt() throws IOException {
        assertEquals("node-1.example.org",
            NodeConfiguration.of(Map.of("nodeName", " Node-1.Example.ORG ")).nodeName());
        assertEquals(Files.readString(Path.of("/proc/sys/kernel/hostname")).strip().toLowerCase(Locale.ROOT),
            NodeConfiguration.of(Map.of()).nodeName());
    }

    @Test
    void readsTheServersOfTheApi() throws IOException {
        Path file = write("source: {servers: [https://192.0.2.10:6443, 'https://api.example.org']}\n");
        assertEquals(List.of(URI.create("https://192.0.2.10:6443"), URI.create("https://api.example.org")),
            NodeConfiguration.load(Optional.of(file), Map.of(), Map.of()).servers());
        for (String wrong : List.of("192.0.2.10:6443", "https://", "https://a/b", "ftp://a", "https://a,",
            "https://a b")) {
            assertEquals(
                "--set: source.servers: must be URLs such as https://192.0.2.10:6443, separated by commas, not \""
                    + (wrong.endsWith(",") ? "" : wrong) + "\"",
                assertThrows(ConfigurationException.class,
                    () -> NodeConfiguration.of(Map.of("source.servers", wrong))).getMessage());
        }
        assertEquals("--set: source.servers: source.manifests is set too; there is one source",
            assertThrows(ConfigurationException.class, () -> NodeConfiguration.of(
                Map.of("source.manifests", "/m", "source.servers", "https://a"))).getMessage());
    }

    @Test
    void fileThenVariablesThenFlags() throws IOException {
        Path file = write("""
            nodeName: n1
            overlay:
              mode: vxlan
              vni: 7
              port: 4789
            workers: 2
            workerCpus: [2, 3]
            """);
        NodeConfiguration configuration = NodeConfiguration.load(Optional.of(file),
            Map.of("WEFT_OVERLAY_VNI", "8", "WEFT_OVERLAY_PORT", "8472"), Map.of("overlay.vni", "9"));
        assertEquals("n1", configuration.nodeName());
        assertEquals(new Overlay(Encapsulation.VXLAN, 9, 8472), configuration.overlay());
        assertEquals(List.of(2, 3), configuration.workerCpus());
    }

    @Test
    void anEmptyFileIsTheDefaults() throws IOException {
        assertEquals(NodeConfiguration.of(Map.of()),
            NodeConfiguration.load(Optional.of(write("# nothing\n")), Map.of(), Map.of()));
    }

    @Test
    void masqueradingMayHaveSeveralRangesAndItsDefaultGivesWayToNodePorts() {
        assertEquals("10000-29999,61000-65535", snatPorts(Map.of()));
        assertEquals("20000-20001,40000-40009", snatPorts(Map.of("snat.ports", "40000-40009, 20000-20001")));
        assertEquals("20000-20009", snatPorts(Map.of("snat.ports", "20005-20009,20000-20004")));
        assertEquals("10000-19999,25001-29999,61000-65535", snatPorts(Map.of("nodePortRange", "20000-25000")));
        assertEquals(24_536, NodeConfiguration.of(Map.of()).snatPorts().size());
    }

    private static String snatPorts(Map<String, String> values) {
        return NodeConfiguration.of(values).snatPorts().toString();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "overlay:\\n  vnii: 1|2: overlay.vnii: unknown key",
        "nodeNam: n1|1: nodeNam: unknown key",
        "workers: 1\\nworkers: 2|2: workers: appears twice, first in line 1",
        "\\nworkers: two|2: workers: must be a number from 1 to 64, not \"two\"",
        "workers: 1\\noverlay:\\n  mode: none|3: overlay.mode: none is not supported yet; only vxlan is",
        "workers: 1\\noverlay:\\n  mode: vlan|3: overlay.mode: must be one of vxlan, none, auto, not \"vlan\"",
        "podCidr: 10.244.1.0|1: podCidr: must be an IPv4 prefix such as 10.244.0.0/16, not \"10.244.1.0\"",
        "podCidr: 10.9.0.0/24|1: podCidr: 10.9.0.0/24 is not inside clusterCidr 10.244.0.0/16",
        "serviceCidr: 10.244.8.0/24|1: serviceCidr: 10.244.8.0/24 overlaps clusterCidr 10.244.0.0/16",
        "snat:\\n  ports: 32000-33000|2: snat.ports: 32000-33000 overlaps nodePortRange 30000-32767",
        "snat:\\n  ports: 5-4|2: snat.ports: the first port is above the last in \"5-4\"",
        "snat:\\n  ports: 20000-20100,20100-20200|2: snat.ports: names port 20100 twice",
        "snat:\\n  ports: 20000-20100,|2: snat.ports: must be FIRST-LAST, or several separated by commas, not \"\"",
        "nodePortRange: 9000-65535|1: nodePortRange: 9000-65535 leaves no port for masqueraded flows: set snat.ports",
        "overlay: vxlan|1: overlay: must hold keys of its own",
        "nodeName: {a: b}|1: nodeName: must be a single value",
        "workerCpus: [1]\\nworkers: 2|1: workerCpus: names 1 CPUs for 2 workers",
        "masquerade: maybe|1: masquerade: must be true or false, not \"maybe\"",
        "- a|1: must be keys and values",
        "flows:\\n  capacity: 100000|2: flows.capacity: must be a power of two, not 100000",
    })
    void wrongFilesNameLineAndKey(String content, String expected) throws IOException {
        Path file = write(content.replace("\\n", "\n"));
        assertEquals(file + ":" + expected, error(Optional.of(file), Map.of(), Map.of()));
    }

    @Test
    void invalidYamlIsReportedWithItsLine() throws IOException {
        Path file = write("nodeName: n1\nworkers: [1\n");
        String message = error(Optional.of(file), Map.of(), Map.of());
        assertTrue(message.startsWith(file + ":3: not YAML: "), message);
        assertEquals(1, message.lines().count());
    }

    @Test
    void wrongVariableAndFlagAreNamed() {
        assertEquals("WEFT_WORKERS: workers: must be a number from 1 to 64, not \"0\"",
            error(Optional.empty(), Map.of("WEFT_WORKERS", "0"), Map.of()));
        assertEquals("--set: worker: unknown key", error(Optional.empty(), Map.of(), Map.of("worker", "1")));
    }

    @Test
    void aMissingFileIsOneLine() {
        Path file = directory.resolve("absent.yaml");
        assertEquals(file + ": no such file; name one with --config", error(Optional.of(file), Map.of(), Map.of()));
    }

    @Test
    void theUplinkIsRequiredOnlyWhereItIsNeeded() {
        assertThrows(ConfigurationException.class, NodeConfiguration.of(Map.of())::requireUplink);
        assertEquals("eth1", NodeConfiguration.of(Map.of("uplink", "eth1")).requireUplink());
    }

    @Test
    void theApiIsOnLoopbackUnlessItHasACertificate() {
        ApiConfiguration api = NodeConfiguration.of(Map.of()).api();
        assertEquals("/127.0.0.1:9797", api.listen().orElseThrow().toString());
        assertEquals(Path.of("/run/weft/api.sock"), api.socket());
        assertEquals(Path.of("/var/lib/weft/api-tokens"), api.tokenFile());
        assertTrue(NodeConfiguration.of(Map.of("api.listen", "")).api().listen().isEmpty());
        assertEquals(9000,
            NodeConfiguration.of(Map.of("api.listen", "[::1]:9000")).api().listen().orElseThrow().getPort());
        Map<String, String> tls = Map.of("api.listen", "0.0.0.0:9797", "api.tls.certificate", "/c", "api.tls.key",
            "/k");
        assertTrue(NodeConfiguration.of(tls).api().certificate().isPresent());
        for (String wrong : List.of("0.0.0.0:9797", "127.0.0.1", "localhost:9797", "127.0.0.1:65536", ":9797", "1:2:3",
            "192.0.2.1:9797")) {
            assertTrue(apiError(Map.of("api.listen", wrong)).startsWith("--set: api.listen: "), wrong);
        }
        assertEquals("default: api.tls.key: must be set too, because api.tls.certificate is",
            apiError(Map.of("api.tls.certificate", "/c")));
        assertEquals("default: api.tls.certificate: must be set too, because api.tls.key is",
            apiError(Map.of("api.tls.key", "/k")));
        assertEquals("--set: api.tls.clientCa: needs api.tls.certificate and api.tls.key",
            apiError(Map.of("api.tls.clientCa", "/a")));
    }

    private static String apiError(Map<String, String> values) {
        return assertThrows(ConfigurationException.class, () -> NodeConfiguration.of(values)).getMessage();
    }

    private static String error(Optional<Path> file, Map<String, String> variables, Map<String, String> flags) {
        return assertThrows(ConfigurationException.class, () -> NodeConfiguration.load(file, variables, flags))
            .getMessage();
    }

    private Path write(String content) throws IOException {
        return Files.writeString(directory.resolve("weft.yaml"), content);
    }
}
