package io.weft.controlplane.view;

import io.weft.encap.address.Ipv4Address;
import io.weft.lb.flow.FlowDump;
import io.weft.lb.flow.FlowRecord;
import io.weft.lb.flow.FlowState;

/** {@code weft show flows}, whole or page by page. Each connection has two entries, one per direction. */
public final class FlowViews {
    /** Bounds the time that one page takes, however few entries match. */
    static final int MAX_SLOTS_PER_PAGE = 1 << 20;

    /**
     * Some of the entries.
     *
     * @param incarnation of the flow table; a restarted dataplane has another one
     * @param nextSlot where the next page starts; -1 after the last page
     */
    public record Page(Table table, long incarnation, int nextSlot) {
    }

    private FlowViews() {
    }

    /** All entries, in no order. */
    static Table flows(NodeFiles files) {
        FlowNames names = new FlowNames(files);
        Table table = table();
        files.requireFlows().forEach(flow -> add(table, flow, names));
        return table;
    }

    /**
     * The next entries that match, at most {@code limit}, in the order of the table's slots. A page may be shorter, even empty, before the
     * last. An entry that exists from the first page to the last is in exactly one of them.
     *
     * @param firstSlot 0, or {@link Page#nextSlot} of the page before
     * @throws UnavailableException one line, if there is no flow table
     */
    public static Page page(NodeFiles files, FlowFilter filter, int firstSlot, int limit) {
        FlowDump dump = files.requireFlows();
        FlowNames names = new FlowNames(files);
        Table table = table();
        int last = (int) Math.min(dump.slotCount(), (long) firstSlot + MAX_SLOTS_PER_PAGE);
        int next = dump.scan(firstSlot, last, flow -> {
            if (filter.accepts(flow, names)) {
                add(table, flow, names);
            }
            return table.size() < limit;
        });
        return new Page(table, dump.incarnation(), next < dump.slotCount() ? next : -1);
    }

    private static Table table() {
        return View.FLOWS.newTable();
    }

    private static void add(Table table, FlowRecord flow, FlowNames names) {
        table.add(ServiceViews.protocol(flow.protocol()), endpoint(flow.source(), flow.sourcePort()),
            endpoint(flow.destination(), flow.destinationPort()), endpoint(flow.newSource(), flow.newSourcePort()),
            endpoint(flow.newDestination(), flow.newDestinationPort()), flow.isReverse() ? "reply" : "original",
            FlowState.name(flow.state()), flow.idleSeconds(), flow.packets(), flow.bytes(), names.fromPod(flow),
            names.toPod(flow), names.service(flow));
    }

    private static String endpoint(int address, int port) {
        return Ipv4Address.format(address) + ":" + port;
    }
}
