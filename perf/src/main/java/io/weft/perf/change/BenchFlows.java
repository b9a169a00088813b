package io.weft.perf.change;

import io.weft.dataplane.counters.AdjacencyKind;
import io.weft.dataplane.counters.AdjacencyStatus;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.table.TablesReader;
import io.weft.encap.hash.FlowHash;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowState;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTemplate;
import io.weft.nativebindings.linux.MappedMemory;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Inserts flows into the table of a running dataplane from outside, with the calls and the decisions of its workers: from the node itself to
 * the Services, spread evenly over the endpoints. UDP flows are streams (they end after 120 s without a datagram), TCP connections are
 * established.
 *
 * <p>Threads: one inserts; any may look flows up.
 */
final class BenchFlows implements AutoCloseable {
    private static final String FILE = "flows";
    private static final int FIRST_PORT = 10_000;

    private final BenchCluster cluster;
    private final MappedMemory memory;
    private final FlowTable table;
    private final int perService;

    BenchFlows(BenchCluster cluster, Path runDirectory, int flows) {
        this.cluster = cluster;
        perService = flows / cluster.services();
        memory = MappedMemory.openFile(runDirectory.resolve(FILE));
        table = FlowTable.open(memory.address(), memory.size());
    }

    long count() {
        return table.flows();
    }

    int perService() {
        return perService;
    }

    /** @throws IllegalStateException if a flow cannot be inserted */
    void fill(Path runDirectory) {
        int[] slots = new int[cluster.nodes()];
        int[] tunnels = new int[cluster.nodes()];
        readPeers(runDirectory, slots, tunnels);
        FlowTemplate template = new FlowTemplate();
        for (int number = 0; number < perService; number++) {
            for (int service = 0; service < cluster.services(); service++) {
                int endpoint = endpointOf(number);
                int node = cluster.nodeOf(service, endpoint);
                template.reset(k0(service), k1(service, number),
                    BenchCluster.isUdp(service) ? FlowState.UDP_STREAM : FlowState.ESTABLISHED, nowSeconds());
                template.newDst = cluster.address(service, endpoint);
                template.newDport = BenchCluster.ENDPOINT_PORT;
                template.forwardEgress = Egress.TUNNEL | slots[node];
                template.reverseEgress = Egress.PUNT;
                template.forwardIngress = PortId.HOST;
                template.reverseIngress = Ingress.tunnel(tunnels[node]);
                template.flags = FlowEntry.DNAT | FlowEntry.SERVICE;
                insert(k0(service), k1(service, number), template);
            }
        }
    }

    private void insert(long k0, long k1, FlowTemplate template) {
        long result = table.insertPair(FlowHash.hash(k0, k1), k0, k1, template);
        if (result < 0) { throw new IllegalStateException("a flow was not inserted: error " + result); }
    }

    /** The endpoint, as an index within its Service, that flow {@code number} of a Service goes to. */
    int endpointOf(int number) {
        return number % cluster.endpoints();
    }

    boolean isThere(int service, int number) {
        return table.find(k0(service), k1(service, number)) != 0;
    }

    private static long k0(int service) {
        return FlowKey.k0(BenchCluster.NODE_BASE, BenchCluster.vip(service));
    }

    private static long k1(int service, int number) {
        return FlowKey.k1(FIRST_PORT + number, BenchCluster.SERVICE_PORT, BenchCluster.protocol(service));
    }

    private static int nowSeconds() {
        return (int) TimeUnit.NANOSECONDS.toSeconds(System.nanoTime());
    }

    private void readPeers(Path runDirectory, int[] slots, int[] tunnels) {
        Map<Integer, Integer> slotOf = new HashMap<>();
        try (CounterReader counters = CounterReader.open(runDirectory);
            TablesReader tables = TablesReader.open(runDirectory)) {
            for (AdjacencyStatus adjacency : counters.adjacencies()) {
                if (adjacency.kind() == AdjacencyKind.TUNNEL) {
                    slotOf.put(adjacency.ip(), adjacency.slot());
                }
            }
            for (int node = 0; node < cluster.nodes(); node++) {
                slots[node] = slotOf.get(BenchCluster.tunnelEndpoint(node));
                tunnels[node] = tables.peerByEndpoint(BenchCluster.tunnelEndpoint(node));
            }
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}
