package io.weft.lb.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.address.IpAddress;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.TestMemory;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.table.TableArena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * How Maglev spreads a million flows over the endpoints of a Service, and how many move when one endpoint goes. Through the table and with
 * the hash that workers use: 1,024 clients with 1,024 ports each. The flows are the same in each run.
 *
 * <p>Bounds: an endpoint's flows are a sum of independent choices, so their number is within five standard deviations of what its entries
 * entitle it to, except once in two million.
 */
class MaglevFlowsTest {
    private static final int CLIENTS = 1 << 10;
    private static final int PORTS = 1 << 10;
    private static final int FLOWS = CLIENTS * PORTS;
    private static final int VIP = 0x0A60_000A;
    private static final int FIRST_CLIENT = 0x0A80_0002;
    private static final int FIRST_PORT = 32_768;
    /** Endpoints have addresses below the first one plus this. */
    private static final int ADDRESSES = 1 << 12;
    private static final int SIZE = 4 << 20;
    private static final int ROOTS = 64;
    private static final double DEVIATIONS = 5;
    /** Share of the entries of the others that may move. */
    private static final double MAX_NEEDLESS = 0.02;

    private final TestMemory memory = new TestMemory();
    private final long base = memory.allocate(SIZE);
    private final ServiceTableBuilder builder = new ServiceTableBuilder(new TableArena(base, 128, SIZE), ROOTS, 16);
    private final ServiceTable table = new ServiceTable(base, SIZE, ROOTS);

    @AfterEach
    void free() {
        memory.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 5, 10, 11, 15, 40, 100, 163, 164, 655})
    void eachEndpointGetsItsShare(int endpoints) {
        int[] load = new int[endpoints];
        for (int endpoint : choices(endpoints(endpoints))) {
            load[endpoint]++;
        }
        double mean = (double) FLOWS / endpoints;
        double tolerance = 0.01 * mean + DEVIATIONS * Math.sqrt(mean);
        int max = Arrays.stream(load).max().orElseThrow();
        int min = Arrays.stream(load).min().orElseThrow();
        System.out.printf("maglev, %d endpoints: load max / mean %.4f, min / mean %.4f%n", endpoints, max / mean,
            min / mean);
        assertTrue(max <= mean + tolerance, max + " flows of " + mean);
        assertTrue(min >= mean - tolerance, min + " flows of " + mean);
    }

    /** The flows of the endpoint that goes must move; of the others few do. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3, 5, 10, 11, 15, 40, 100, 163, 655})
    void fewFlowsMoveWhenAnEndpointGoes(int endpoints) {
        List<Backend> all = endpoints(endpoints);
        int gone = endpoints / 2;
        int[] before = choices(all);
        List<Backend> rest = new ArrayList<>(all);
        rest.remove(gone);
        int[] after = choices(rest);
        int forced = 0;
        int needless = 0;
        for (int flow = 0; flow < FLOWS; flow++) {
            int now = after[flow] < gone ? after[flow] : after[flow] + 1;
            assertNotEquals(gone, now);
            if (before[flow] == gone) {
                forced++;
            } else if (before[flow] != now) {
                needless++;
            }
        }
        double share = 1.0 / endpoints;
        System.out.printf("maglev, one of %d endpoints goes: its own flows %.2f %%, others that move %.2f %%%n",
            endpoints, 100.0 * forced / FLOWS, 100.0 * needless / FLOWS);
        assertTrue(Math.abs(forced - share * FLOWS) <= 0.01 * share * FLOWS + DEVIATIONS * Math.sqrt(share * FLOWS));
        assertTrue(needless <= MAX_NEEDLESS * FLOWS + DEVIATIONS * Math.sqrt(MAX_NEEDLESS * FLOWS),
            needless + " flows moved");
    }

    /** The endpoints' order in the objects, and what the node knows about them, must not matter. */
    @Test
    void theSameFlowGetsTheSameEndpointOnEachNode() {
        List<Backend> here = new ArrayList<>(endpoints(15));
        int[] before = choices(here);
        here.set(3, Backend.readyHere(here.get(3).ip(), here.get(3).port()));
        int[] after = choices(here.reversed());
        for (int flow = 0; flow < FLOWS; flow++) {
            assertEquals(before[flow], here.size() - 1 - after[flow]);
        }
    }

    /** The index of each flow's endpoint in the list. */
    private int[] choices(List<Backend> endpoints) {
        builder.put(new ServiceSpec(new ServiceKey(IpAddress.ipv4(VIP), 80, IpProtocol.IPPROTO_TCP),
            FrontendKind.CLUSTER_IP, "default/web", false, true, 0, List.of(), endpoints));
        long block = table.find(VIP, 80, IpProtocol.IPPROTO_TCP);
        int[] choices = new int[FLOWS];
        int first = endpoints.stream().mapToInt(backend -> backend.ip().toInt()).min().orElseThrow();
        int[] indices = new int[ADDRESSES];
        for (int i = 0; i < endpoints.size(); i++) {
            indices[endpoints.get(i).ip().toInt() - first] = i;
        }
        for (int flow = 0; flow < FLOWS; flow++) {
            long k0 = FlowKey.k0(FIRST_CLIENT + flow / PORTS, VIP);
            long k1 = FlowKey.k1(FIRST_PORT + flow % PORTS, 80, IpProtocol.IPPROTO_TCP);
            choices[flow] = indices[Backend.ip(ServiceTable.choose(block, FlowHash.hash(k0, k1))) - first];
        }
        return choices;
    }

    /** On different nodes, as the addresses of pods are. */
    private static List<Backend> endpoints(int count) {
        List<Backend> endpoints = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            endpoints.add(Backend.ready(IpAddress.ipv4(0x0A80_0102 + (i % 16 << 8) + i / 16), 8080));
        }
        return endpoints;
    }
}
