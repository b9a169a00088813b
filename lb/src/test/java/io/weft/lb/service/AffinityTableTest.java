package io.weft.lb.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class AffinityTableTest {
    private static final long ID = 0x1234_5678_9ABC_DEF0L;
    private static final int CLIENT = 0xC633_6407;
    private static final long A = Backend.pack(0x0AF4_0102, 8080);
    private static final long B = Backend.pack(0x0AF4_0103, 65_535);

    private final AffinityTable table = new AffinityTable(64);

    @Test
    void aClientKeepsItsBackendUntilTheTimeoutAfterItsLastFlow() {
        assertEquals(Backend.NONE, table.find(ID, CLIENT, 10, 100));
        table.put(ID, CLIENT, A | Backend.SERVING, 10, 100);
        assertEquals(A, table.find(ID, CLIENT, 10, 110));
        assertEquals(AffinityTable.EXPIRED, table.find(ID, CLIENT, 10, 111));
        table.put(ID, CLIENT, A, 10, 109);
        assertEquals(A, table.find(ID, CLIENT, 10, 119));
        assertEquals(A, table.find(ID, CLIENT, 86_400, 86_509));
        table.put(ID, CLIENT, B, 10, 120);
        assertEquals(B, table.find(ID, CLIENT, 10, 120));
    }

    @Test
    void clientsAndServicesAreToldApart() {
        table.put(ID, CLIENT, A, 10, 100);
        table.put(ID, CLIENT + 1, B, 10, 100);
        table.put(ID + 1, CLIENT, B, 10, 100);
        assertEquals(A, table.find(ID, CLIENT, 10, 100));
        assertEquals(B, table.find(ID, CLIENT + 1, 10, 100));
        assertEquals(B, table.find(ID + 1, CLIENT, 10, 100));
        assertEquals(Backend.NONE, table.find(ID + 1, CLIENT + 1, 10, 100));
        assertEquals(0, table.evicted());
    }

    /** One bucket: the oldest of eight goes. */
    @Test
    void theOldestClientIsReplaced() {
        AffinityTable small = new AffinityTable(8);
        for (int client = 1; client <= 8; client++) {
            small.put(ID, client, A, 86_400, 100 + client);
        }
        small.put(ID, 1, A, 86_400, 200);
        small.put(ID, 9, A, 86_400, 201);
        assertEquals(1, small.evicted());
        assertEquals(Backend.NONE, small.find(ID, 2, 86_400, 201));
        for (int client : new int[]{1, 3, 4, 5, 6, 7, 8, 9}) {
            assertEquals(A, small.find(ID, client, 86_400, 201), "client " + client);
        }
    }

    @Test
    void whoseTimeIsOverMakesRoomUncounted() {
        AffinityTable small = new AffinityTable(8);
        for (int client = 1; client <= 8; client++) {
            small.put(ID, client, A, 10, 100);
        }
        for (int client = 11; client <= 18; client++) {
            small.put(ID, client, B, 10, 120);
        }
        assertEquals(0, small.evicted());
        assertEquals(B, small.find(ID, 18, 10, 120));
    }

    @Test
    void sizesArePowersOfTwo() {
        assertTrue(assertThrows(IllegalArgumentException.class, () -> new AffinityTable(100)).getMessage()
            .contains("100"));
    }
}
