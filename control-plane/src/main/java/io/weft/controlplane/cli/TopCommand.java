package io.weft.controlplane.cli;

import io.weft.controlplane.view.NodeActivity;
import io.weft.controlplane.view.NodeFiles;
import io.weft.controlplane.view.UnavailableException;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.TablesReader;
import io.weft.nativebindings.linux.Terminal;
import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows what a node does, live: workers, ports, drops and Services per second, from the files of the run directory. */
@Command(name = "top", description = "Show what this node does, live: workers, ports, drops and Services. q or Ctrl-C ends it.", mixinStandardHelpOptions = true)
final class TopCommand implements Callable<Integer> {
    private static final int STANDARD_INPUT = 0;
    private static final Path PROC = Path.of("/proc");
    private static final long LOOK_MILLIS = 50;

    @Spec private CommandSpec spec;

    @Mixin private ConfigurationOptions options;

    @Option(names = "--interval", paramLabel = "SECONDS", defaultValue = "2", description = "seconds between two pages, and the time that rates are of (default: ${DEFAULT-VALUE})") private int interval;

    @Option(names = "--once", description = "print one page, and end") private boolean once;

    /** @param ticks of processor time of the workers, by index */
    private record Moment(NodeActivity activity, Map<Integer, Long> ticks, String node) {
    }

    @Override
    public Integer call() throws Exception {
        Path runDirectory = options.load().runDirectory();
        Screen screen = new Screen(spec.commandLine().getOut());
        boolean keys = !once && Terminal.isTerminal(STANDARD_INPUT) && Terminal.isTerminal(Screen.STANDARD_OUTPUT);
        if (!keys) {
            show(runDirectory, screen, false);
            return 0;
        }
        Terminal terminal = Terminal.withoutLines(STANDARD_INPUT);
        Thread restore = new Thread(terminal::close, "weft-terminal");
        Runtime.getRuntime().addShutdownHook(restore); // for Ctrl-C
        try {
            show(runDirectory, screen, true);
        } finally {
            terminal.close();
        }
        return 0;
    }

    private void show(Path runDirectory, Screen screen, boolean keys) throws IOException {
        Moment before = moment(runDirectory);
        while (waitUnlessQuit(keys)) {
            Moment now = null;
            String text;
            try {
                now = moment(runDirectory);
                text = page(before, now, once ? Integer.MAX_VALUE : screen.rows());
            } catch (UnavailableException e) { // the dataplane is being restarted
                text = "weft: " + e.getMessage() + "\n";
            }
            if (once) {
                spec.commandLine().getOut().print(text);
                spec.commandLine().getOut().flush();
                return;
            }
            screen.begin();
            screen.print(text);
            before = now == null ? before : now;
        }
    }

    private static String page(Moment before, Moment now, int rows) {
        double seconds = (now.activity().nanos() - before.activity().nanos()) / 1e9;
        Map<Integer, Double> loads = new HashMap<>();
        now.ticks().forEach((worker, ticks) -> {
            if (before.ticks().containsKey(worker)) {
                loads.put(worker, (double) (ticks - before.ticks().get(worker)) / WorkerThread.TICKS_PER_SECOND
                    / seconds);
            }
        });
        return new TopPage(before.activity(), now.activity(), loads)
            .text(TopPage.title(now.node(),
                LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS).toString()), rows);
    }

    private static Moment moment(Path runDirectory) {
        try (NodeFiles files = new NodeFiles(runDirectory)) {
            NodeActivity activity = NodeActivity.read(files);
            Map<Integer, Long> ticks = new HashMap<>();
            WorkerThread.of(PROC, activity.pid()).forEach(worker -> ticks.put(worker.index(), worker.ticks()));
            return new Moment(activity, ticks,
                files.tables().map(TablesReader::local).map(LocalNode::name).orElse(""));
        }
    }

    /** @return false if q was pressed, or the thread interrupted */
    private boolean waitUnlessQuit(boolean keys) throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Math.max(1, interval));
        while (System.nanoTime() < end) {
            while (keys && System.in.available() > 0) {
                if (System.in.read() == 'q') { return false; }
            }
            try {
                TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            } catch (InterruptedException e) {
                return false;
            }
        }
        return true;
    }
}
