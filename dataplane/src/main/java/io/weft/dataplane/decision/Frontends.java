package io.weft.dataplane.decision;

import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.hash.FlowHash;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.service.FrontendKind;
import io.weft.lb.service.ServiceTable;
import java.util.function.IntConsumer;

/**
 * Finds the frontend of a Service that a packet is addressed to, and the number by which it chooses a backend.
 *
 * <p>Thread: that of the {@link BatchContext}. Allocation: none.
 */
public final class Frontends {
    private static final int LOCALHOST = 0x7F00_0001;

    private Frontends() {
    }

    /**
     * The frontend with the packet's destination address, port and protocol; else the NodePort or hostPort with its port and protocol, if
     * the address is one of the node's own that the frontend serves.
     *
     * @param ingress an {@code Ingress}
     * @return the frontend's block in the {@link ServiceTable}, or 0
     */
    public static long find(BatchContext context, int ingress, long k0, long k1) {
        ServiceTable services = context.tables().services();
        int address = FlowKey.destination(k0);
        int port = FlowKey.destinationPort(k1);
        int protocol = FlowKey.protocol(k1);
        long block = services.find(address, port, protocol);
        if (block != 0) { return block; }
        block = services.findOnNode(port, protocol);
        return block != 0 && isServedOn(context, ingress, address, block) ? block : 0;
    }

    /** Whether a frontend on the node's own addresses serves one of them. 127/8 has hostPorts only, for the node's own processes. */
    private static boolean isServedOn(BatchContext context, int ingress, int address, long block) {
        if (ServiceTable.kind(block) == FrontendKind.NODE_PORT) {
            return context.local4().isForNodePorts(address) && isOnNode(context, address);
        }
        return Ipv4Address.isLoopback(address) ? ingress == PortId.HOST : isOnNode(context, address);
    }

    /** Whether an address is the node's own, the pods' gateway included. */
    public static boolean isOnNode(BatchContext context, int address) {
        return context.isOwnAddress(address) || address == context.local4().gateway();
    }

    /** Visits the addresses of {@link #isOnNode}, and 127.0.0.1 for all of 127/8. Cold code. */
    static void forEachOnNode(BatchContext context, IntConsumer visitor) {
        visitor.accept(context.local4().address());
        visitor.accept(context.local4().base());
        visitor.accept(context.local4().gateway());
        visitor.accept(LOCALHOST);
        for (int address : context.state().localAddresses().toArray()) {
            visitor.accept(address);
        }
    }

    /**
     * The number that chooses a new flow's backend. With affinity it depends on the client and the Service's port alone, so that a client
     * whose entry is lost most likely gets the same backend again; with Maglev on the flow; otherwise it is random.
     *
     * @param hash of the flow's key
     * @param random all 32 bits
     */
    public static int choice(long block, long k0, int hash, int random) {
        if (ServiceTable.affinitySeconds(block) != 0) {
            return FlowHash.hash(FlowKey.source(k0), ServiceTable.affinityId(block));
        }
        return ServiceTable.isMaglev(block) ? hash : random;
    }
}
