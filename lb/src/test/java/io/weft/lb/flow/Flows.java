package io.weft.lb.flow;

import io.weft.encap.hash.FlowHash;
import io.weft.lb.TestMemory;

/** A small flow table and the flows that tests put into it. */
final class Flows {
    static final int TCP = 6;
    static final int UDP = 17;
    static final int ICMP = 1;
    static final int CLIENT = 0x0AF4_0105;
    static final int VIP = 0x0A60_000A;
    static final int BACKEND = 0x0AF4_0207;

    final FlowTable table;
    final long address;
    final long size;
    final ManualEpochs epochs = new ManualEpochs();
    final FlowTemplate template = new FlowTemplate();
    int now = 1000;

    Flows(TestMemory memory, int maxFlows) {
        size = FlowTable.sizeFor(maxFlows);
        address = memory.allocate(size);
        table = FlowTable.create(address, size, maxFlows, 42);
    }

    /** Client's port to the service, rewritten to the backend's port 8080. */
    long insertService(int clientPort, int protocol, int state) {
        long k0 = FlowKey.k0(CLIENT, VIP);
        long k1 = FlowKey.k1(clientPort, 80, protocol);
        template.reset(k0, k1, state, now);
        template.newDst = BACKEND;
        template.newDport = 8080;
        template.flags = FlowEntry.DNAT | FlowEntry.SERVICE;
        return table.insertPair(FlowHash.hash(k0, k1), k0, k1, template);
    }

    long forward(int clientPort, int protocol) {
        return table.find(FlowKey.k0(CLIENT, VIP), FlowKey.k1(clientPort, 80, protocol));
    }

    long reverse(int clientPort, int protocol) {
        return table.find(FlowKey.k0(BACKEND, CLIENT), FlowKey.k1(8080, clientPort, protocol));
    }

    /** A flow without NAT. */
    long insertPlain(int source, int destination, int sourcePort, int destinationPort, int protocol) {
        long k0 = FlowKey.k0(source, destination);
        long k1 = FlowKey.k1(sourcePort, destinationPort, protocol);
        return table.insertPair(FlowHash.hash(k0, k1), k0, k1, template.reset(k0, k1, FlowState.ESTABLISHED, now));
    }
}
