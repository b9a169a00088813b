package io.weft.controlplane.flowlog;

import io.weft.controlplane.view.FlowNames;
import io.weft.controlplane.view.ServiceViews;
import io.weft.dataplane.flowlog.FlowLogRecord;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.encap.address.Ipv4Address;
import io.weft.lb.flow.FlowRecord;
import io.weft.lb.flow.FlowState;
import java.time.Instant;

/**
 * A flow record as it is shown. Columns that {@code weft show flows} has too have the same names and form.
 *
 * @param event {@code start} or {@code end}
 * @param start of the flow, ISO 8601, UTC; empty if that is not known
 * @param end its last packet, to the second; for an event {@code start} its first
 * @param direction {@code outbound}: from a pod or process of this node to elsewhere; {@code inbound}; {@code local}; {@code transit}: neither
 *     end is here
 * @param reason why it has ended; empty for an event {@code start}
 * @param packets from the one that began the flow
 * @param replyPackets to it
 */
public record NamedFlow(String event, String start, String end, String protocol, String source, String destination,
    String newSource, String newDestination, String direction, String state, String reason, long packets, long bytes,
    long replyPackets, long replyBytes, String fromPod, String toPod, String service) {

    static NamedFlow of(FlowLogRecord entry, FlowNames names) {
        FlowRecord flow = entry.flow();
        return new NamedFlow(entry.isStart() ? "start" : "end", time(entry.firstMillis()), time(entry.lastMillis()),
            ServiceViews.protocol(flow.protocol()), endpoint(flow.source(), flow.sourcePort()),
            endpoint(flow.destination(), flow.destinationPort()), endpoint(flow.newSource(), flow.newSourcePort()),
            endpoint(flow.newDestination(), flow.newDestinationPort()), direction(flow),
            FlowState.name(flow.state()), entry.isStart() ? "" : entry.reason().toString(), flow.packets(),
            flow.bytes(), entry.replyPackets(), entry.replyBytes(), names.fromPod(flow), names.toPod(flow),
            names.service(flow));
    }

    private static String time(long millis) {
        return millis == 0 ? "" : Instant.ofEpochMilli(millis).toString();
    }

    private static String endpoint(int address, int port) {
        return Ipv4Address.format(address) + ":" + port;
    }

    private static String direction(FlowRecord flow) {
        boolean fromElsewhere = Ingress.isTunnel(flow.ingress()) || Ingress.isUnderlay(flow.ingress());
        boolean toElsewhere = switch (Egress.kind(flow.egress())) {
            case Egress.TUNNEL, Egress.UPLINK, Egress.NO_ROUTE -> true;
            default -> false;
        };
        if (fromElsewhere) { return toElsewhere ? "transit" : "inbound"; }
        return toElsewhere ? "outbound" : "local";
    }
}
