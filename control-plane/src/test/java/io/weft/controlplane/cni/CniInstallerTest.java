package io.weft.controlplane.cni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.controlplane.Await;
import io.weft.controlplane.cni.install.CniFiles;
import io.weft.controlplane.cni.install.CniInstaller;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.encap.address.IpPrefix;
import io.weft.nativebindings.process.ExternalCommand;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The installer next to a CNI server, and the plug-in that it writes, run as a runtime runs it. */
class CniInstallerTest extends CniPodTest {
    private Path bin;
    private Path conf;
    private Path plugin;
    private Path conflist;
    private CniInstaller installer;

    @BeforeEach
    void prepare() throws IOException {
        bin = directory.resolve("opt/cni/bin");
        conf = directory.resolve("etc/cni/net.d");
        plugin = bin.resolve("weft-cni");
        conflist = conf.resolve("05-weft.conflist");
        installer = new CniInstaller(new CniFiles(configuration()), node.readiness, () -> {});
    }

    @AfterEach
    void stopInstaller() {
        installer.close();
    }

    @Test
    void placesTheFilesOnceTheNodeIsReady() throws Exception {
        Optional<IpPrefix> podCidr = node.tables.podCidr;
        node.tables.podCidr = Optional.empty();
        installer.start();
        Await.until("the reason", () -> installer.status().problem().contains("podCIDR is not known yet"));
        assertFalse(Files.exists(plugin));
        assertFalse(Files.exists(conflist));
        node.tables.podCidr = podCidr;
        awaitInPlace();
        JsonNode list = new ObjectMapper().readTree(conflist.toFile());
        assertEquals("weft", list.path("name").asText());
        assertEquals("1.0.0", list.path("cniVersion").asText());
        assertEquals("weft-cni", list.at("/plugins/0/type").asText());
        assertEquals(node.socket().toString(), list.at("/plugins/0/socket").asText());
        assertTrue(list.at("/plugins/0/capabilities/portMappings").asBoolean(), "the runtime passes on hostPorts");
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(conflist)));
        assertEquals("rwxr-xr-x", PosixFilePermissions.toString(Files.getPosixFilePermissions(plugin)));
        assertTrue(Files.getLastModifiedTime(plugin).compareTo(Files.getLastModifiedTime(conflist)) <= 0);
        assertEquals("", callPlugin("STATUS"));
        assertTrue(callPlugin("VERSION").contains("1.1.0"));
    }

    /** With an empty environment, as a service manager may start the runtime. */
    private String callPlugin(String command) throws Exception {
        ProcessBuilder builder = ExternalCommand.file(plugin).builder()
            .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().clear();
        builder.environment().put("CNI_COMMAND", command);
        Process process = builder.start();
        try (OutputStream in = process.getOutputStream()) {
            in.write(("{\"cniVersion\":\"1.1.0\",\"name\":\"weft\",\"socket\":\"" + node.socket() + "\"}")
                .getBytes(StandardCharsets.UTF_8));
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    @Test
    void undoesWhatOthersDoToTheFiles() throws Exception {
        installer.start();
        awaitInPlace();
        byte[] script = Files.readAllBytes(plugin);
        byte[] list = Files.readAllBytes(conflist);
        Files.delete(conflist);
        awaitContent(conflist, list);
        Files.writeString(conflist, "{}");
        awaitContent(conflist, list);
        Files.delete(plugin);
        Path other = Files.write(directory.resolve("other"), script);
        Files.createSymbolicLink(plugin, other);
        Await.until("the link is replaced", () -> Files.exists(plugin) && !Files.isSymbolicLink(plugin));
        assertTrue(Files.exists(other));
        Files.setPosixFilePermissions(plugin, PosixFilePermissions.fromString("rw-r--r--"));
        Await.until("it is executable again", () -> Files.isExecutable(plugin));
        Files.move(bin, directory.resolve("moved-bin"));
        Files.move(conf, directory.resolve("moved-conf"));
        awaitContent(plugin, script);
        awaitContent(conflist, list);
    }

    @Test
    void theFilesOutliveTheControlPlaneAndATimeWhenItIsNotReady() throws Exception {
        installer.start();
        awaitInPlace();
        installer.close();
        assertTrue(Files.exists(plugin) && Files.exists(conflist));
        node.tables.podCidr = Optional.empty();
        installer = new CniInstaller(new CniFiles(configuration()), node.readiness, () -> {});
        installer.start();
        Await.until("it waits", () -> installer.status().problem().contains("podCIDR"));
        assertTrue(Files.exists(plugin) && Files.exists(conflist));
        node.tables.podCidr = Optional.of(CniNode.POD_CIDR);
        awaitInPlace();
        node.tables.podCidr = Optional.empty();
        Files.delete(conflist);
        Await.until("the file is back, because pods may be added again", () -> Files.exists(conflist));
    }

    @Test
    void namesConfigurationsThatTheRuntimePrefers() throws Exception {
        Files.createDirectories(conf.resolve("01-directory.conf"));
        for (String name : List.of("10-flannel.conflist", "04-cilium.conflist", "00-x.conf", "00-x.conf.bak",
            "02-notes.txt")) {
            Files.writeString(conf.resolve(name), "{}");
        }
        installer.start();
        awaitInPlace();
        assertEquals(List.of("00-x.conf", "04-cilium.conflist"), installer.status().preceding());
        Files.delete(conf.resolve("00-x.conf"));
        Await.until("one is left", () -> installer.status().preceding().equals(List.of("04-cilium.conflist")));
    }

    @Test
    void aDirectoryThatCannotBeWrittenIsAProblemUntilItCan() throws Exception {
        Files.createDirectories(conf.getParent());
        Files.writeString(conf, "a plain file");
        installer.start();
        Await.until("the problem", () -> installer.status().problem().startsWith(conf.toString()));
        assertFalse(Files.isDirectory(conf));
        Files.delete(conf);
        awaitInPlace();
    }

    @Test
    void uninstallTakesTheNetworkConfigurationFirst() throws Exception {
        CniFiles files = new CniFiles(configuration());
        assertTrue(files.put());
        assertFalse(files.put());
        assertTrue(files.removeConflist());
        assertTrue(Files.exists(plugin));
        assertTrue(files.removePlugin());
        assertFalse(files.removeConflist() || files.removePlugin());
        assertEquals(List.of(), list(bin));
        assertEquals(List.of(), list(conf));
    }

    private static List<Path> list(Path place) throws IOException {
        try (Stream<Path> files = Files.list(place)) {
            return files.toList();
        }
    }

    private void awaitInPlace() {
        Await.until("the files are in place",
            () -> installer.status().problem().isEmpty() && Files.exists(plugin) && Files.exists(conflist));
    }

    private static void awaitContent(Path file, byte[] content) {
        Await.until(file + " as it was", () -> {
            try {
                return Files.exists(file) && Arrays.equals(content, Files.readAllBytes(file));
            } catch (IOException e) {
                return false;
            }
        });
    }

    private NodeConfiguration configuration() {
        return NodeConfiguration.of(Map.of("nodeName", "n1", "cni.install", "true",
            "cni.binDirectory", bin.toString(), "cni.confDirectory", conf.toString(),
            "runDirectory", directory.toString(), "stateDirectory", directory.resolve("state").toString(),
            "cni.socket", node.socket().toString()));
    }
}
