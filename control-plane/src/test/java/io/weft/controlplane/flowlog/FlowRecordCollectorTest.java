package io.weft.controlplane.flowlog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.controlplane.Await;
import io.weft.controlplane.status.Failures;
import io.weft.dataplane.config.FlowRecordConfiguration;
import io.weft.dataplane.flowlog.FlowEndReason;
import io.weft.dataplane.flowlog.FlowLog;
import io.weft.dataplane.flowlog.FlowLogWriter;
import io.weft.encap.address.IpAddress;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.flow.FlowEnder;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowState;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTemplate;
import io.weft.lb.nat.SnatPorts;
import io.weft.nativebindings.linux.MappedMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Records from the dataplane's file get names, are kept, and are appended to a file that is renamed when it is full. */
class FlowRecordCollectorTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int FLOWS = 1024;
    private static final int CLIENT = IpAddress.of("10.244.1.5").toInt();
    private static final int SERVER = IpAddress.of("192.0.2.9").toInt();

    @TempDir private Path run;
    private final MappedMemory flowMemory = MappedMemory.anonymous(FlowTable.sizeFor(FLOWS), false);
    private final MappedMemory bitmaps = MappedMemory.anonymous(SnatPorts.BITMAPS_LENGTH, false);
    private final FlowTable flows = FlowTable.create(flowMemory.address(), flowMemory.size(), FLOWS, 1);
    private final SnatPorts ports = new SnatPorts(bitmaps.address(), 61_000, 61_999);
    private final AtomicReference<Map<String, String>> pods = new AtomicReference<>(
        Map.of("10.244.1.5", "default/web-0"));
    private final FlowRecords records = new FlowRecords();

    @AfterEach
    void free() {
        flowMemory.close();
        bitmaps.close();
    }

    private FlowLog dataplane() {
        return FlowLog.create((name, bytes) -> {
            try {
                Files.deleteIfExists(run.resolve(name));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return MappedMemory.createFile(run.resolve(name), bytes);
        }, 1, flows, ports, 1, false);
    }

    private FlowRecordCollector collector(Optional<Path> file, long bytes) {
        FlowRecordCollector collector = new FlowRecordCollector(run,
            new FlowRecordConfiguration(FlowRecordConfiguration.Mode.END, file, bytes), records, pods::get,
            new Failures());
        collector.start();
        return collector;
    }

    /** A flow from the pod to outside, which begins and ends. */
    private void flow(FlowLogWriter writer, int port) {
        long k0 = FlowKey.k0(CLIENT, SERVER);
        long k1 = FlowKey.k1(port, 443, IpProtocol.IPPROTO_TCP);
        FlowTemplate template = new FlowTemplate().reset(k0, k1, FlowState.TIME_WAIT, 1000);
        template.forwardIngress = 2;
        template.forwardEgress = 4 << 24; // the uplink
        long forward = flows.insertPair(FlowHash.hash(k0, k1), k0, k1, template);
        FlowEntry.account(forward, 60, 1001);
        assertTrue(new FlowEnder(flows, writer).endFinished(forward));
    }

    @Test
    void recordsHaveNamesAlsoOfPodsThatAreGone() throws Exception {
        try (FlowRecordCollector _ = collector(Optional.empty(), 1)) {
            try (FlowLog first = dataplane()) {
                flow(first.worker(0), 40_000);
                Await.until("a record", () -> records.count(FlowEndReason.FIN) == 1);
                pods.set(Map.of());
                flow(first.worker(0), 40_001);
                Await.until("another", () -> records.count(FlowEndReason.FIN) == 2);
            }
            try (FlowLog second = dataplane()) {
                flow(second.conductor(), 40_002);
                Await.until("that of the next dataplane", () -> records.count(FlowEndReason.FIN) == 3);
            }
        }
        List<NamedFlow> named = records.recent().after(0).stream().map(item -> item.value().named()).toList();
        assertEquals(List.of("10.244.1.5:40000", "10.244.1.5:40001", "10.244.1.5:40002"),
            named.stream().map(NamedFlow::source).toList());
        for (NamedFlow flow : named) {
            assertEquals("end tcp 192.0.2.9:443 outbound time_wait fin default/web-0 1 60 0",
                String.join(" ", flow.event(), flow.protocol(), flow.destination(), flow.direction(), flow.state(),
                    flow.reason(), flow.fromPod(), Long.toString(flow.packets()), Long.toString(flow.bytes()),
                    Long.toString(flow.replyPackets())));
            assertTrue(flow.start().compareTo(flow.end()) <= 0, flow.toString());
        }
        assertEquals(0, records.lost());
    }

    @Test
    void aFullFileIsRenamedAndAWrongOneIsAProblem() throws Exception {
        Path file = run.resolve("log").resolve("flows.json");
        try (FlowRecordCollector collector = collector(Optional.of(file), 1500); FlowLog log = dataplane()) {
            for (int i = 1; i <= 10; i++) {
                int count = i;
                flow(log.worker(0), 40_000 + i);
                Await.until("a record", () -> records.count(FlowEndReason.FIN) == count);
            }
            Await.until("the last line", () -> lines(file).stream().anyMatch(line -> line.contains(":40010\"")));
            Path former = file.resolveSibling("flows.json.1");
            assertTrue(Files.size(file) <= 1500 && Files.size(former) <= 1500);
            JsonNode line = JSON.readTree(lines(former).getLast());
            assertEquals("fin", line.path("reason").asText());
            assertEquals("default/web-0", line.path("fromPod").asText());
            assertEquals(Optional.empty(), collector.problem());
            Files.delete(file);
            Files.createDirectory(file);
            flow(log.worker(0), 40_011);
            Await.until("a problem", () -> collector.problem().isPresent());
            assertTrue(collector.problem().get().startsWith("flows.recordsFile: " + file), collector.problem().get());
            Files.delete(file);
            flow(log.worker(0), 40_012);
            Await.until("the file again", () -> Files.isRegularFile(file) && lines(file).size() == 1);
            assertEquals(Optional.empty(), collector.problem());
        }
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            return List.of("");
        }
    }
}
