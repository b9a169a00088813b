package io.weft.vmlab.demo;

import io.weft.dataplane.counters.CounterFileException;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.WeftNode;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** While a path is tested, prints once a second each node's frame rates and drops, and the graph nodes that its frames passed. */
final class LiveView implements AutoCloseable {
    private static final long PERIOD_MILLIS = 1000;
    private final PrintWriter out;
    private final List<Watched> nodes = new ArrayList<>();
    private final Thread thread;
    private volatile String current = "";
    private volatile boolean closing;

    private LiveView(Lab lab, PrintWriter out) {
        this.out = out;
        lab.nodes().forEach(node -> nodes.add(new Watched(node)));
        thread = Thread.ofPlatform().daemon().name("live-view").start(this::run);
    }

    static LiveView start(Lab lab, PrintWriter out) {
        return new LiveView(lab, out);
    }

    /** Sets the name of the path under test. */
    void show(String path) {
        current = path;
    }

    void done(PathResult result) {
        synchronized (out) {
            out.printf("%s  %s: %s%n", result.passed() ? "pass" : "FAIL", result.path(), result.detail());
            out.flush();
        }
    }

    private void run() {
        while (!closing) {
            try {
                Thread.sleep(PERIOD_MILLIS);
            } catch (InterruptedException e) {
                return;
            }
            synchronized (out) {
                out.printf("  … %s%n", current);
                nodes.forEach(node -> out.println("    " + node.sinceLast()));
                out.flush();
            }
        }
    }

    @Override
    public void close() {
        closing = true;
        thread.interrupt();
    }

    /** One node's counters, and their values a second ago. */
    private static final class Watched {
        private final WeftNode node;
        private long atNanos = System.nanoTime();
        private long received;
        private long sent;
        private long dropped;
        private long[] stages = new long[0];

        Watched(WeftNode node) {
            this.node = node;
            sinceLast();
        }

        String sinceLast() {
            try (CounterReader counters = CounterReader.open(node.runDirectory())) {
                long now = System.nanoTime();
                double seconds = (now - atNanos) / 1e9;
                long receivedNow = counters.total(FrameTotal.RECEIVED);
                long sentNow = counters.total(FrameTotal.SENT);
                long droppedNow = counters.total(FrameTotal.DROPPED);
                String line = "%s rx %,.0f/s tx %,.0f/s drops %+d in %d; %s"
                    .formatted(
                        node.name(), (receivedNow - received) / seconds, (sentNow - sent) / seconds,
                        droppedNow - dropped, droppedNow, busiestStages(counters, seconds));
                atNanos = now;
                received = receivedNow;
                sent = sentNow;
                dropped = droppedNow;
                return line;
            } catch (CounterFileException e) {
                return node.name() + ": no counters";
            }
        }

        private String busiestStages(CounterReader counters, double seconds) {
            List<String> labels = counters.nodeLabels();
            long[] before = stages.length == labels.size() ? stages : new long[labels.size()];
            stages = new long[labels.size()];
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < stages.length; i++) {
                stages[i] = counters.node(i);
                long rate = Math.round((stages[i] - before[i]) / seconds);
                if (rate > 0) {
                    line.append(labels.get(i)).append(' ').append(rate).append("/s ");
                }
            }
            return line.isEmpty() ? "idle" : line.toString();
        }
    }
}
