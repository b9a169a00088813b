package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.lab.WeftNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The installed plug-in, called by {@code cnitool}: the CNI project's own library judges every request and answer. */
class CniToolIT {
    private static final Path MODULE = Path.of("cnitool").toAbsolutePath();
    private static final String PACKAGE = "github.com/containernetworking/cni/cnitool";
    private static final Path CACHE = Path.of("/var/lib/cni");
    private static final ObjectMapper JSON = new ObjectMapper();
    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("tool", 1)
        .withSetting("cni.install", "true");
    @TempDir private static Path directory;
    private static Path cnitool;
    private static WeftNode node;
    private static ObjectNode installed;
    private Path netns;

    @BeforeAll
    static void build() throws Exception {
        Path go = Requirements.go();
        cnitool = directory.resolve("cnitool");
        ProcessBuilder builder = ExternalCommand.file(go, "build", "-o", cnitool.toString(), PACKAGE).builder()
            .directory(MODULE.toFile()).redirectErrorStream(true);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        node = LAB.lab().node("n1");
        Path conflist = node.cniConfDirectory().resolve("05-weft.conflist");
        node.view().await("the network configuration", () -> Files.exists(conflist));
        installed = (ObjectNode) JSON.readTree(conflist.toFile());
        // cnitool's cache is the machine's: an own name keeps another Weft's pods out of GC
        installed.put("name", node.host().namespace());
    }

    /** libcni's cache of results; the machine's own runtime may use it too. */
    @AfterAll
    static void removeEmptyCache() throws IOException {
        for (Path cache : List.of(CACHE.resolve("results"), CACHE)) {
            try {
                Files.deleteIfExists(cache);
            } catch (DirectoryNotEmptyException e) {
                return;
            }
        }
    }

    @BeforeEach
    void createPod() {
        netns = NetworkNamespace.named(node.host().namespace() + "-pod");
        NetworkNamespace.create(netns);
    }

    @AfterEach
    void removePod() throws Exception {
        if (netns != null) {
            run(installed, "del");
            NetworkNamespace.delete(netns);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"})
    void everyVersionIsAddedCheckedAndDeleted(String version) throws Exception {
        ObjectNode configuration = ofVersion(version);
        String added = succeed(configuration, "add");
        JsonNode result = JSON.readTree(added);
        assertEquals(version, result.path("cniVersion").asText());
        String address = result.at("/ips/0/address").asText();
        assertTrue(address.matches("10\\.244\\.1\\.[0-9]+/32"), added);
        assertEquals(version.startsWith("0.") ? "4" : "", result.at("/ips/0/version").asText());
        assertEquals(netns.toString(), result.at("/interfaces/1/sandbox").asText());
        assertEquals(result, JSON.readTree(succeed(configuration, "add")), "a repeated ADD");
        if (!version.startsWith("0.3")) {
            assertEquals("", succeed(configuration, "check"));
        }
        assertEquals("", succeed(configuration, "del"));
        assertEquals("", succeed(configuration, "del"));
        try (Rtnetlink pod = Rtnetlink.openIn(netns)) {
            assertTrue(pod.link("eth0").isEmpty());
        }
    }

    @Test
    void theInstalledConfigurationGivesTheNewestVersion() throws Exception {
        assertEquals("1.1.0", JSON.readTree(succeed(installed, "add")).path("cniVersion").asText());
    }

    @Test
    void statusIsSilentAndCheckFindsAMissingAddress() throws Exception {
        assertEquals("", succeed(installed, "status"));
        succeed(installed, "add");
        try (Rtnetlink pod = Rtnetlink.openIn(netns)) {
            pod.setDown(pod.link("eth0").orElseThrow().index());
        }
        ExternalCommand.Output broken = run(installed, "check");
        assertNotEquals(0, broken.exit());
        assertTrue(broken.text().contains("device eth0 of the pod is down"), broken.text());
    }

    @Test
    void gcDetachesWhatIsNoLongerValid() throws Exception {
        String address = JSON.readTree(succeed(installed, "add")).at("/ips/0/address").asText();
        assertTrue(isPort(address));
        succeed(installed, "gc");
        assertFalse(isPort(address));
    }

    @Test
    void delSucceedsWhenThePodIsGone() throws Exception {
        succeed(installed, "add");
        NetworkNamespace.delete(netns);
        assertEquals("", succeed(installed, "del"));
        NetworkNamespace.create(netns);
    }

    private static boolean isPort(String address) throws Exception {
        return node.weft("show", "ports").contains(address.substring(0, address.indexOf('/')) + " ");
    }

    private static ObjectNode ofVersion(String version) {
        ObjectNode configuration = installed.deepCopy();
        configuration.remove("cniVersions");
        return configuration.put("cniVersion", version);
    }

    private String succeed(ObjectNode configuration, String command) throws Exception {
        ExternalCommand.Output output = run(configuration, command);
        assertEquals(0, output.exit(), command + ": " + output.text());
        return output.text();
    }

    private ExternalCommand.Output run(ObjectNode configuration, String command) throws Exception {
        Path configurations = Files.createDirectories(directory.resolve("net.d"));
        Files.write(configurations.resolve("10-test.conflist"), JSON.writeValueAsBytes(configuration));
        ProcessBuilder builder = ExternalCommand
            .file(cnitool, command, configuration.path("name").asText(), netns.toString()).builder()
            .redirectErrorStream(true);
        builder.environment().put("NETCONFPATH", configurations.toString());
        builder.environment().put("CNI_PATH", node.cniBinDirectory().toString());
        builder.environment().put("CNI_ARGS", "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=tool");
        Process process = node.thread().call(builder::start);
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new ExternalCommand.Output(process.waitFor(), text);
    }
}
