package io.weft.controlplane.kubernetes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.config.ConfigurationException;
import io.weft.dataplane.config.NodeConfiguration;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** From the configuration to a client, without a server. */
class KubernetesApiTest {
    private static final Path CERTIFICATES = Path.of("src/test/resources/tls");
    private static final String KUBECONFIG = """
        apiVersion: v1
        kind: Config
        current-context: weft
        contexts: [{name: weft, context: {cluster: lab, user: node}}]
        clusters: [{name: lab, cluster: {server: "https://192.0.2.10:6443", certificate-authority: ca.crt}}]
        users: [{name: node, user: {tokenFile: token}}]
        """;

    @TempDir private Path directory;

    @BeforeEach
    void writeFiles() throws IOException {
        Files.copy(CERTIFICATES.resolve("authority-1.crt"), directory.resolve("ca.crt"));
        Files.writeString(directory.resolve("token"), "first\n");
        Files.writeString(directory.resolve("kubeconfig"), KUBECONFIG);
    }

    @Test
    void theKubeconfigGivesServerAuthorityAndToken() {
        ApiConnection connection = kubeconfig(Map.of()).connection();
        assertEquals(URI.create("https://192.0.2.10:6443"), connection.server());
        assertEquals("https://192.0.2.10:6443/", connection.client().getConfiguration().getMasterUrl());
        assertEquals("first", connection.client().getConfiguration().getOauthToken());
        assertEquals(directory.resolve("ca.crt").toString(), connection.client().getConfiguration().getCaCertFile());
    }

    @ParameterizedTest
    @CsvSource({"client-1", "client-2"})
    void theKubeconfigGivesAClientCertificate(String name) throws IOException {
        for (String suffix : List.of(".crt", ".key")) {
            Files.copy(CERTIFICATES.resolve(name + suffix), directory.resolve("client" + suffix));
        }
        Files.writeString(directory.resolve("kubeconfig"), KUBECONFIG.replace("{tokenFile: token}",
            "{client-certificate: client.crt, client-key: client.key}"));
        assertEquals(directory.resolve("client.key").toString(),
            kubeconfig(Map.of()).connection().client().getConfiguration().getClientKeyFile());
    }

    @Test
    void aPodsServiceAccountGivesThem() {
        KubernetesApi api = inPod(Map.of());
        assertEquals(URI.create("https://10.96.0.1:443"), api.connection().server());
        assertEquals("first", api.connection().client().getConfiguration().getOauthToken());
        assertEquals(Optional.of(URI.create("https://10.96.0.1:443")), api.serverInsideServiceCidr());
    }

    @Test
    void changedCredentialsGiveANewConnectionAndWrongOnesKeepTheFormer() throws IOException {
        KubernetesApi api = kubeconfig(Map.of());
        ApiConnection first = api.connection();
        assertSame(first, api.connection());
        Files.writeString(directory.resolve("token"), "second\n");
        ApiConnection second = api.connection();
        assertNotSame(first, second);
        assertEquals("second", second.client().getConfiguration().getOauthToken());
        Files.writeString(directory.resolve("ca.crt"), "half a certificate");
        assertSame(second, api.connection());
        assertEquals(directory.resolve("ca.crt") + ": it contains no certificate in PEM form, or a damaged one",
            api.fault());
        Files.delete(directory.resolve("ca.crt"));
        assertSame(second, api.connection());
        assertEquals(directory.resolve("ca.crt") + ": no such file or directory", api.fault());
        Files.copy(CERTIFICATES.resolve("authority-2.crt"), directory.resolve("ca.crt"));
        assertNotSame(second, api.connection());
        assertEquals("", api.fault());
    }

    @Test
    void serversTakeTurnsWhenTheyFail() {
        KubernetesApi api = kubeconfig(Map.of("source.servers", "https://192.0.2.11:6443,https://192.0.2.12:6443"));
        ApiConnection first = api.connection();
        assertEquals("192.0.2.11", first.server().getHost());
        api.failed(first);
        ApiConnection second = api.connection();
        assertEquals("192.0.2.12", second.server().getHost());
        api.failed(first); // another user of the first connection, late
        assertSame(second, api.connection());
        api.failed(second);
        assertSame(first, api.connection());
        api.silent(first);
        api.failed(second);
        assertNotSame(first, api.connection());
    }

    @Test
    void learntServersReplaceAnAddressThatWeftServes() {
        KubernetesApi api = inPod(Map.of());
        api.learnServers(List.of(URI.create("https://192.0.2.10:6443")));
        ApiConnection learnt = api.connection();
        assertEquals("192.0.2.10", learnt.server().getHost());
        api.failed(learnt);
        assertEquals("10.96.0.1", api.connection().server().getHost());
        KubernetesApi outside = kubeconfig(Map.of());
        outside.learnServers(List.of(URI.create("https://192.0.2.99:6443")));
        assertEquals("192.0.2.10", outside.connection().server().getHost());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "current-context: weft | current-context: other | current-context: there is no context \"other\"",
        "current-context: weft | '' | current-context: is missing",
        "cluster: lab | cluster: other | clusters: there is no cluster \"other\"",
        "user: node | user: other | users: there is no user \"other\"",
        "'server: \"https://192.0.2.10:6443\",' | '' | clusters: lab: server: is missing",
        "certificate-authority: ca.crt | tls-server-name: a | clusters: lab: tls-server-name: is not supported; name the server as its certificate does"})
    void aWrongKubeconfigIsOneLine(String right, String wrong, String message) throws IOException {
        Files.writeString(directory.resolve("kubeconfig"), KUBECONFIG.replace(right, wrong == null ? "" : wrong));
        KubernetesApi api = kubeconfig(Map.of());
        assertEquals(directory.resolve("kubeconfig") + ": " + message,
            assertThrows(ConfigurationException.class, api::connection).getMessage());
    }

    @Test
    void whatIsNoKubeconfigIsOneLine() throws IOException {
        for (String content : List.of("", "[1, 2", "just text")) {
            Files.writeString(directory.resolve("kubeconfig"), content);
            KubernetesApi api = kubeconfig(Map.of());
            String message = assertThrows(ConfigurationException.class, api::connection).getMessage();
            assertTrue(message.startsWith(directory.resolve("kubeconfig") + ": not a kubeconfig: "), message);
            assertEquals(1, message.lines().count(), message);
        }
    }

    @Test
    void withoutASourceTheErrorSaysWhatToSet() {
        assertEquals("source: not set; set source.kubeconfig to a kubeconfig, or source.manifests to a directory of"
            + " Kubernetes manifests (outside a pod there is no service account)", error(Map.of()));
        assertEquals("source.servers: needs source.kubeconfig for the credentials (outside a pod there is no service"
            + " account)", error(Map.of("source.servers", "https://192.0.2.11:6443")));
    }

    private String error(Map<String, String> settings) {
        return assertThrows(ConfigurationException.class,
            () -> KubernetesApi.of(NodeConfiguration.of(settings), directory, Map.of())).getMessage();
    }

    private KubernetesApi kubeconfig(Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(settings);
        all.put("source.kubeconfig", directory.resolve("kubeconfig").toString());
        return KubernetesApi.of(NodeConfiguration.of(all), directory, Map.of());
    }

    private KubernetesApi inPod(Map<String, String> settings) {
        return KubernetesApi.of(NodeConfiguration.of(settings), directory,
            Map.of("KUBERNETES_SERVICE_HOST", "10.96.0.1", "KUBERNETES_SERVICE_PORT", "443"));
    }
}
