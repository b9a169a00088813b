package io.weft.perf.stress;

import io.weft.encap.hash.FlowHash;
import io.weft.lb.flow.FlowDump;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowState;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTemplate;

/** A flow table of 16 slots and the flows that stress tests put into it. */
class StressFlows {
    static final int CLIENT = 0x0AF4_0105;
    static final int VIP = 0x0A60_000A;
    static final int OTHER_VIP = 0x0A60_000B;
    static final int BACKEND = 0x0AF4_0207;
    static final int OTHER_BACKEND = 0x0AF4_0308;
    static final int CLIENT_PORT = 40_000;
    static final int BACKEND_PORT = 8080;
    static final int UDP = 17;
    static final int TCP = 6;

    /** Results of an insert, as a stress test's outcome. */
    static final int CREATED = 1;
    static final int ADOPTED = 2;
    static final int TAKEN = 3;
    static final int BUSY = 4;

    private static final int MAX_FLOWS = 4;

    private static final int LENGTH = 4096;

    final long address = StressMemory.take(LENGTH);
    final FlowTable table = FlowTable.create(address, LENGTH, MAX_FLOWS, 1);

    /** The client's flow to a service, sent to a backend. */
    long insert(int vip, int backend, int protocol, int state) {
        return insert(vip, backend, protocol, state, 0);
    }

    long insert(int vip, int backend, int protocol, int state, int egress) {
        long k0 = FlowKey.k0(CLIENT, vip);
        long k1 = FlowKey.k1(CLIENT_PORT, 80, protocol);
        FlowTemplate template = new FlowTemplate().reset(k0, k1, state, 0);
        template.newDst = backend;
        template.newDport = BACKEND_PORT;
        template.flags = FlowEntry.DNAT;
        template.forwardEgress = egress;
        return table.insertPair(FlowHash.hash(k0, k1), k0, k1, template);
    }

    long insertPlain(int source, int sourcePort, int destination, int destinationPort) {
        long k0 = FlowKey.k0(source, destination);
        long k1 = FlowKey.k1(sourcePort, destinationPort, UDP);
        FlowTemplate template = new FlowTemplate().reset(k0, k1, FlowState.UDP_UNREPLIED, 0);
        return table.insertPair(FlowHash.hash(k0, k1), k0, k1, template);
    }

    /** Where the flow expiry starts. */
    long lastLine() {
        return table.home(-1);
    }

    long forward(int vip, int protocol) {
        return table.find(FlowKey.k0(CLIENT, vip), FlowKey.k1(CLIENT_PORT, 80, protocol));
    }

    static int outcome(long result) {
        if (result > 0) { return FlowTable.isAdopted(result) ? ADOPTED : CREATED; }
        return result == FlowTable.REVERSE_TAKEN ? TAKEN : result == FlowTable.CT_BUSY ? BUSY : (int) result;
    }

    /** Entries in use, whose peers must exist; -1 if one has none. */
    int entriesWithPeers() {
        int[] count = new int[1];
        new FlowDump(address, LENGTH).forEach(record -> {
            long entry = table.find(FlowKey.k0(record.source(), record.destination()),
                FlowKey.k1(record.sourcePort(), record.destinationPort(), record.protocol()));
            long peer = entry == 0 ? 0 : table.peer(entry);
            boolean mutual = peer != 0 && table.peer(peer) == entry
                && FlowEntry.isReverse(peer) != FlowEntry.isReverse(entry);
            count[0] += mutual ? 1 : -100;
        });
        return count[0];
    }
}
