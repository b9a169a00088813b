package io.weft.controlplane.cni;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.controlplane.FakeDataplane;
import io.weft.controlplane.TestNamespace;
import io.weft.controlplane.ipam.AttachmentStore;
import io.weft.controlplane.status.DataplaneView;
import io.weft.encap.address.IpPrefix;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Rtnetlink;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A node's namespace with the CNI server, a dataplane that only writes counters, and the plug-in, called as a runtime would. */
final class CniNode implements AutoCloseable {
    static final long GATEWAY_MAC = 0x02AABBCCDD07L;
    static final IpPrefix POD_CIDR = IpPrefix.of("10.244.7.0/28");
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Exit status and output of the plug-in. */
    record Answer(int status, String text) {
        static final Answer SILENT = new Answer(0, "");

        JsonNode json() {
            try {
                return JSON.readTree(text);
            } catch (IOException e) {
                throw new AssertionError(text, e);
            }
        }

        int code() {
            return json().path("code").asInt();
        }

        String address() {
            return json().at("/ips/0/address").asText();
        }
    }

    final TestNamespace namespace = new TestNamespace();
    final FakeDataplane dataplane;
    AttachmentStore store;
    TestTables tables;
    private final Path directory;
    private final IpPrefix podCidr;
    private final Duration portTimeout;
    private final DataplaneView view;
    Readiness readiness;
    private CniServer server;

    CniNode(Path directory) throws IOException {
        this(directory, POD_CIDR, Duration.ofSeconds(5));
    }

    /** @param portTimeout how long an ADD waits for the pod's port */
    CniNode(Path directory, IpPrefix podCidr, Duration portTimeout) throws IOException {
        this.directory = directory;
        this.podCidr = podCidr;
        this.portTimeout = portTimeout;
        dataplane = new FakeDataplane(directory);
        view = new DataplaneView(directory);
        start();
    }

    /** Stops the server and the store, as a stopping control plane does. */
    void stop() throws IOException {
        server.close();
        store.close();
    }

    /** Starts as a control plane does: compares the existing records with the devices. */
    void start() throws IOException {
        store = AttachmentStore.open(directory, "n1", 1024);
        NetworkNamespace.run(namespace.path(), () -> AttachmentRecovery.run(store));
        tables = new TestTables(store, dataplane, podCidr);
        readiness = new Readiness(tables, view);
        server = new CniServer(socket(), new CniHandler(
            new PodAttacher(tables, view, 1, GATEWAY_MAC, portTimeout), tables, readiness));
        NetworkNamespace.run(namespace.path(), server::start);
    }

    Path journal() {
        return directory.resolve("ipam/attachments");
    }

    Path socket() {
        return directory.resolve("cni.sock");
    }

    Answer add(String container, String ifName, Path netns) {
        return call("ADD", container, ifName, netns.toString(), "");
    }

    Answer delete(String container, String ifName, Path netns) {
        return call("DEL", container, ifName, netns.toString(), "");
    }

    Answer check(String container, String ifName, Path netns) {
        return call("CHECK", container, ifName, netns.toString(), "");
    }

    /** @param valid attachments as JSON: {@code null} or a list */
    Answer collect(String valid) {
        return call("GC", "", "", "", "\"cni.dev/valid-attachments\":" + valid);
    }

    /** @param members more members of the network configuration, or empty */
    Answer call(String command, String container, String ifName, String netns, String members) {
        return run(command, container, ifName, netns, "", configuration(members));
    }

    /** ADD with CNI_ARGS. */
    Answer addWith(String args, String container, Path netns) {
        return run("ADD", container, "eth0", netns.toString(), args, configuration(""));
    }

    private String configuration(String members) {
        return "{\"cniVersion\":\"1.1.0\",\"name\":\"weft\","
            + "\"type\":\"weft-cni\",\"socket\":\"" + socket() + "\"" + (members.isEmpty() ? "" : "," + members) + "}";
    }

    static Answer run(String command, String container, String ifName, String netns, String configuration) {
        return run(command, container, ifName, netns, "", configuration);
    }

    private static Answer run(String command, String container, String ifName, String netns, String args,
        String configuration) {
        Map<String, String> environment = new HashMap<>(Map.of("CNI_COMMAND", command, "CNI_CONTAINERID", container,
            "CNI_NETNS", netns, "CNI_IFNAME", ifName, "CNI_ARGS", args, "CNI_PATH", "/opt/cni/bin"));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int status = new WeftCni(environment, new PrintStream(out, true, StandardCharsets.UTF_8)).run(configuration);
        return new Answer(status, out.toString(StandardCharsets.UTF_8));
    }

    /** Names of the pods' veths on the node. */
    List<String> hostEnds() {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(namespace.path())) {
            return rtnetlink.links().stream().map(Link::name).filter(AttachmentStore::isHostIfName).toList();
        }
    }

    @Override
    public void close() throws IOException {
        stop();
        view.close();
        dataplane.close();
        namespace.close();
    }
}
