package io.weft.vmlab;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.CounterReader;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.vmlab.kubernetes.ClusterNode;
import io.weft.vmlab.kubernetes.WeftNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What the pods of a Weft node occupy.
 *
 * @param devices network devices of the node
 * @param namespaces files in {@code /run/netns}, one for each pod
 * @param addresses addresses that Weft has allocated
 * @param ports ports of the dataplane
 */
record WeftFootprint(int devices, int namespaces, int addresses, int ports) {
    private static final ObjectMapper JSON = new ObjectMapper();

    static WeftFootprint of(ClusterNode node) throws Exception {
        WeftNetwork weft = (WeftNetwork) node.network();
        JsonNode status = JSON.readTree(weft.weft("status", "--output", "json"));
        JsonNode ports = JSON.readTree(weft.weft("show", "ports", "--output", "json"));
        try (Rtnetlink kernel = Rtnetlink.openIn(node.namespace())) {
            return new WeftFootprint(kernel.links().size(), node.thread().call(() -> entries(Path.of("/run/netns"))),
                status.path("controlPlane").path("addressesGiven").asInt(-1), ports.size());
        }
    }

    /**
     * Chunks of frame memory that are neither free nor with a device. The dataplane counts once a second, so there are a few of them under traffic,
     * and none on an idle node.
     */
    static long chunksUnderWay(ClusterNode node) {
        WeftNetwork weft = (WeftNetwork) node.network();
        try (CounterReader counters = CounterReader.open(weft.runDirectory())) {
            return counters.gauge(ConductorGauge.CHUNKS) - counters.gauge(ConductorGauge.CHUNKS_FREE)
                - counters.gauge(ConductorGauge.CHUNKS_HELD);
        }
    }

    /** Open descriptors of the node's two Weft processes. */
    static int descriptors(ClusterNode node) throws Exception {
        WeftNetwork weft = (WeftNetwork) node.network();
        return entries(Path.of("/proc/" + weft.dataplane().pid() + "/fd"))
            + entries(Path.of("/proc/" + weft.controlPlane().pid() + "/fd"));
    }

    private static int entries(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return (int) files.count();
        }
    }
}
