package io.weft.dataplane.explain;

import io.weft.encap.address.Ipv4Address;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowState;
import java.util.ArrayList;
import java.util.List;

/** Lines about an entry of the flow table. Cold code. */
final class FlowText {
    private FlowText() {
    }

    /** Which flow it is, and how it is. */
    static String identity(long entry, int nowSeconds) {
        long k0 = FlowEntry.k0(entry);
        long k1 = FlowEntry.k1(entry);
        return FrameText.name(FlowKey.protocol(k1)) + " " + endpoint(FlowKey.source(k0), FlowKey.sourcePort(k1)) + " > "
            + endpoint(FlowKey.destination(k0), FlowKey.destinationPort(k1)) + ", "
            + (FlowEntry.isReverse(entry) ? "reply" : "original") + " direction, "
            + FlowState.name(FlowEntry.state(entry)) + ", " + FlowEntry.packets(entry) + " packets, idle "
            + Math.max(0, nowSeconds - FlowEntry.lastSeen(entry)) + " s";
    }

    /** What the entry changes, and where it leads. */
    static List<String> rewrite(long entry, NodeNames names) {
        List<String> lines = new ArrayList<>();
        long k0 = FlowEntry.k0(entry);
        long k1 = FlowEntry.k1(entry);
        changed(lines, "source", FlowKey.source(k0), FlowKey.sourcePort(k1), FlowEntry.newSrc(entry),
            FlowEntry.newSport(entry));
        if (FlowKey.protocol(k1) == IpProtocol.IPPROTO_ICMP) {
            changed(lines, "destination", FlowKey.destination(k0), 0, FlowEntry.newDst(entry), 0);
        } else {
            changed(lines, "destination", FlowKey.destination(k0), FlowKey.destinationPort(k1),
                FlowEntry.newDst(entry), FlowEntry.newDport(entry));
        }
        if (lines.isEmpty()) {
            lines.add("no translation");
        }
        lines.add("egress: " + names.egress(FlowEntry.egress(entry)));
        return lines;
    }

    private static void changed(List<String> lines, String what, int address, int port, int newAddress, int newPort) {
        if (address != newAddress || port != newPort) {
            lines.add(what + " " + endpoint(address, port) + " becomes " + endpoint(newAddress, newPort));
        }
    }

    static String endpoint(int address, int port) {
        return Ipv4Address.format(address) + (port == 0 ? "" : ":" + port);
    }
}
