package io.weft.lb.nat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.hash.FlowHash;
import io.weft.lb.TestMemory;
import io.weft.lb.flow.FlowEnder;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowState;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTemplate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SourcePortSearchTest {
    private static final int CLIENT = 0xC633_6400;
    private static final int NODE = 0xC000_020B;
    private static final int BASE = 0x0AF4_0100;
    private static final int BACKEND = 0x0AF4_0205;
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int MAX_FLOWS = 1 << 17;

    private final TestMemory memory = new TestMemory();
    private final FlowTable table = FlowTable.create(memory.allocate(FlowTable.sizeFor(MAX_FLOWS)),
        FlowTable.sizeFor(MAX_FLOWS), MAX_FLOWS, 1);
    private final SourcePortSearch search = new SourcePortSearch(table, new FlowEnder(table, (forward, k0, k1) -> {
    }));

    @AfterEach
    void close() {
        memory.close();
    }

    private long insert(int client, int protocol, int backendPort, int state, int now) {
        long k0 = FlowKey.k0(CLIENT + (client >>> 14), NODE);
        long k1 = FlowKey.k1(20_000 + (client & 0x3FFF), 30_080, protocol);
        FlowTemplate template = new FlowTemplate().reset(k0, k1, state, now);
        template.newSrc = BASE;
        template.newDst = BACKEND;
        template.newDport = backendPort;
        template.flags = FlowEntry.SNAT | FlowEntry.DNAT;
        return search.insert(FlowHash.hash(k0, k1), k0, k1, template);
    }

    @Test
    void everyPortIsFoundAndThenNone() {
        boolean[] used = new boolean[0x1_0000];
        for (int client = 0; client < SourcePortSearch.PORTS; client++) {
            long result = insert(client, UDP, 53, FlowState.UDP_UNREPLIED, 1);
            assertTrue(result > 0, "client " + client + ": " + result);
            int port = FlowEntry.newSport(FlowTable.entry(result));
            assertTrue(port >= SourcePortSearch.FIRST_PORT && !used[port], "port " + port);
            used[port] = true;
        }
        assertEquals(SourcePortSearch.NO_SOURCE_PORT, insert(70_000, UDP, 53, FlowState.UDP_UNREPLIED, 1));
        assertEquals(SourcePortSearch.NO_SOURCE_PORT, insert(70_001, UDP, 53, FlowState.UDP_UNREPLIED, 1));
        assertTrue(insert(70_000, UDP, 54, FlowState.UDP_UNREPLIED, 1) > 0, "another port of the backend");
        assertTrue(insert(70_000, TCP, 53, FlowState.SYN_SENT, 1) > 0, "another protocol");
        long some = table.find(FlowKey.k0(CLIENT, NODE), FlowKey.k1(20_007, 30_080, UDP));
        int port = FlowEntry.newSport(some);
        assertTrue(new FlowEnder(table, (forward, k0, k1) -> {
        }).endReplaced(some));
        assertEquals(SourcePortSearch.NO_SOURCE_PORT, insert(70_001, UDP, 53, FlowState.UDP_UNREPLIED, 1),
            "no search for the rest of the second");
        assertEquals(port, FlowEntry.newSport(FlowTable.entry(insert(70_001, UDP, 53, FlowState.UDP_UNREPLIED, 2))));
    }

    /** A busy client's connections are over as fast as they come: they do not use up the ports for the two minutes of TIME_WAIT. */
    @Test
    void aFinishedConnectionsPortIsTakenOver() {
        for (int client = 0; client < SourcePortSearch.PORTS; client++) {
            assertTrue(insert(client, TCP, 80, FlowState.TIME_WAIT, 1) > 0);
        }
        for (int client = 70_000; client < 80_000; client++) {
            assertTrue(insert(client, TCP, 80, FlowState.SYN_SENT, 2) > 0);
        }
        assertTrue(table.flows() <= SourcePortSearch.PORTS, "flows: " + table.flows());
    }
}
