package io.weft.controlplane.cli;

import io.weft.controlplane.view.NodeActivity;
import io.weft.controlplane.view.NodeActivity.Port;
import io.weft.controlplane.view.NodeActivity.Service;
import io.weft.controlplane.view.NodeActivity.Worker;
import io.weft.controlplane.view.Table;
import io.weft.dataplane.counters.FrameTotal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What has happened on a node between two moments, per second: the busiest first. */
final class TopPage {
    private static final double NANOS_PER_SECOND = 1e9;
    private static final double BITS_PER_MEGABIT = 1e6;
    private static final int MAX_DROPS = 5;
    private static final int MAX_SERVICES = 10;
    private static final int MAX_WORKERS = 16;
    private static final int MIN_PORTS = 3;
    /** Lines besides rows: the summary, and a title and a blank line for each of four tables. */
    private static final int OTHER_LINES = 10;

    private final NodeActivity before;
    private final NodeActivity now;
    private final Map<Integer, Double> loads;
    private final double seconds;

    /** @param loads of the workers by index, as a part of a processor; empty if unknown */
    TopPage(NodeActivity before, NodeActivity now, Map<Integer, Double> loads) {
        this.before = before;
        this.now = now;
        this.loads = loads;
        seconds = Math.max(1, now.nanos() - before.nanos()) / NANOS_PER_SECOND;
    }

    /** @param rows lines that there is room for; ports get what the rest leaves */
    String text(String title, int rows) {
        if (before.incarnation() != now.incarnation()) { return title + "\nthe dataplane has been restarted\n"; }
        Table workers = workers();
        Table drops = drops();
        Table services = services();
        int left = rows - OTHER_LINES - workers.rows().size() - drops.rows().size() - services.rows().size();
        StringBuilder page = new StringBuilder(title).append('\n').append(summary());
        append(page, workers);
        append(page, ports(Math.max(MIN_PORTS, left)));
        append(page, drops);
        append(page, services);
        return page.toString();
    }

    private static void append(StringBuilder page, Table table) {
        if (!table.rows().isEmpty()) {
            page.append('\n').append(TableFormat.text(table, Set.of()));
        }
    }

    private String summary() {
        long flows = now.flowEntries() / 2;
        long created = flows + now.flowsOver() - before.flowEntries() / 2 - before.flowsOver();
        return "frames/s: " + rate(FrameTotal.RECEIVED) + " received, " + rate(FrameTotal.SENT) + " sent, "
            + rate(FrameTotal.PUNTED) + " punted, " + rate(FrameTotal.DROPPED) + " dropped; flows: " + flows + " of "
            + now.flowCapacity() / 2 + ", " + perSecond(Math.max(0, created)) + " new/s\n";
    }

    private long rate(FrameTotal total) {
        return perSecond(now.totals().get(total) - before.totals().get(total));
    }

    private long perSecond(long difference) {
        return Math.round(difference / seconds);
    }

    private double megabits(long bytes) {
        return Math.round(bytes * Byte.SIZE / BITS_PER_MEGABIT / seconds * 10) / 10.0;
    }

    private Table workers() {
        Table table = new Table("worker", "load", "frames/s", "framesPerBatch");
        Map<Integer, Worker> earlier = new HashMap<>();
        before.workers().forEach(worker -> earlier.put(worker.index(), worker));
        for (Worker worker : now.workers().stream().limit(MAX_WORKERS).toList()) {
            Worker then = earlier.getOrDefault(worker.index(), worker);
            long frames = worker.received() - then.received();
            long batches = worker.batches() - then.batches();
            Double load = loads.get(worker.index());
            table.add(worker.index(), load == null ? "" : Math.round(load * 100) + "%", perSecond(frames),
                batches == 0 ? 0.0 : Math.round(10.0 * frames / batches) / 10.0);
        }
        return table;
    }

    private Table ports(int limit) {
        Map<Integer, Port> earlier = new HashMap<>();
        before.ports().forEach(port -> earlier.put(port.id(), port));
        List<Port[]> busiest = new ArrayList<>();
        now.ports().forEach(port -> busiest.add(new Port[]{port, earlier.getOrDefault(port.id(), port)}));
        busiest.sort(Comparator.<Port[]>comparingLong(port -> frames(port[0]) - frames(port[1])).reversed());
        Table table = new Table("port", "device", "pod", "rx/s", "tx/s", "rxMbit/s", "txMbit/s", "drops/s",
            "missed/s");
        for (Port[] port : busiest.stream().limit(limit).toList()) {
            table.add(port[0].id(), port[0].device(), port[0].pod(),
                perSecond(port[0].rxFrames() - port[1].rxFrames()), perSecond(port[0].txFrames() - port[1].txFrames()),
                megabits(port[0].rxBytes() - port[1].rxBytes()), megabits(port[0].txBytes() - port[1].txBytes()),
                perSecond(port[0].drops() - port[1].drops()), perSecond(port[0].missed() - port[1].missed()));
        }
        return table;
    }

    private static long frames(Port port) {
        return port.rxFrames() + port.txFrames();
    }

    private Table drops() {
        Table table = new Table("dropReason", "frames/s", "frames");
        now.drops().entrySet().stream()
            .filter(drop -> drop.getValue() > 0)
            .sorted(Comparator.<Map.Entry<String, Long>>comparingLong(this::dropped).reversed())
            .limit(MAX_DROPS)
            .forEach(drop -> table.add(drop.getKey(), perSecond(dropped(drop)), drop.getValue()));
        return table;
    }

    private long dropped(Map.Entry<String, Long> drop) {
        return drop.getValue() - before.drops().getOrDefault(drop.getKey(), 0L);
    }

    /** Flows are new that were not there before; those that came and went in between are not seen. */
    private Table services() {
        Table table = new Table("service", "new/s", "flows", "packets/s");
        Service none = new Service(Set.of(), 0);
        record Row(String name, long created, int flows, long packets) {
        }
        List<Row> rows = new ArrayList<>();
        now.services().forEach((name, service) -> {
            Service then = before.services().getOrDefault(name, none);
            Set<NodeActivity.Client> created = new HashSet<>(service.clients());
            created.removeAll(then.clients());
            rows.add(new Row(name, created.size(), service.clients().size(),
                Math.max(0, service.packets() - then.packets())));
        });
        rows.stream().sorted(Comparator.comparingLong(Row::created).thenComparingLong(Row::packets).reversed())
            .limit(MAX_SERVICES)
            .forEach(row -> table.add(row.name(), perSecond(row.created()), row.flows(), perSecond(row.packets())));
        return table;
    }

    /** The first line. */
    static String title(String node, String time) {
        return String.format(Locale.ROOT, "weft top  %s  %s", node.isEmpty() ? "node not known yet" : node, time);
    }
}
