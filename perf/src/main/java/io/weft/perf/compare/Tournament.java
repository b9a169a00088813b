package io.weft.perf.compare;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * Sets every contender up once, then takes rounds: in each, every contender with each of its workloads once, in an order that moves on by one.
 *
 * <p>Before the first round each is sent as much as the generator makes (it warms up by this, too). A round's load is {@link #ABOVE} what
 * arrived at most in the last {@value #SAMPLES_BACK} samples: just more than it takes, so that it is busy, and what is measured is work and not
 * the dropping of a flood.
 */
final class Tournament implements AutoCloseable {
    private static final double ABOVE = 1.08;
    private static final int SAMPLES_BACK = 3;
    private static final double LEAST_FRAMES_A_SECOND = 10_000;
    private static final double MICROS = 1e6;
    private static final double NANOS = 1e9;

    private final Settings settings;
    private final LoadSource generator;
    private final PrintWriter progress;
    private final List<Entry> entries = new ArrayList<>();
    private final List<LeftOut> leftOut = new ArrayList<>();
    private final List<AutoCloseable> resources = new ArrayList<>();

    /** A scene with a number of flows, and what has been measured of it. */
    private static final class Entry {
        private final String contender;
        private final Scene scene;
        private final int flows;
        private final List<Sample> samples = new ArrayList<>();

        Entry(String contender, Scene scene, int flows) {
            this.contender = contender;
            this.scene = scene;
            this.flows = flows;
        }

        /** The most that arrived lately, in Mpps. */
        double lately() {
            return samples.stream().skip(Math.max(0, samples.size() - SAMPLES_BACK)).mapToDouble(Sample::mpps).max()
                .orElse(0);
        }

        Series series() {
            return new Series(contender, scene.workload(), flows, List.copyOf(samples));
        }
    }

    Tournament(Settings settings, LoadSource generator, PrintWriter progress) {
        this.settings = settings;
        this.generator = generator;
        this.progress = progress;
    }

    /** Sets up what the machine has; the rest is left out with its reason. */
    void enter(Contender contender, String idPrefix) {
        if (contender instanceof AutoCloseable resource) {
            resources.add(resource);
        }
        Optional<String> missing = contender.missing();
        if (missing.isPresent()) {
            leaveOut(contender.name(), missing.get());
            return;
        }
        int number = 0;
        for (Workload workload : contender.workloads()) {
            String name = contender.name() + " " + workload.label();
            try {
                Scene scene = contender.setUp(workload, idPrefix + number++, settings.cores());
                resources.add(scene);
                entries.add(new Entry(contender.name(), scene, settings.flows()));
                if (workload == Workload.DNAT_VXLAN && settings.flows() != 1) {
                    entries.add(new Entry(contender.name(), scene, 1));
                }
                progress.println("ready: " + name);
                scene.pause();
            } catch (Exception e) {
                leaveOut(name, e.getMessage());
            }
        }
    }

    /** @param why several lines are cut to the first */
    void leaveOut(String name, String why) {
        String reason = String.valueOf(why).lines().findFirst().orElse("");
        leftOut.add(new LeftOut(name, reason));
        progress.println("left out: " + name + ": " + reason);
    }

    void play() throws InterruptedException {
        for (int round = 0; round <= settings.pairs(); round++) {
            List<Entry> order = new ArrayList<>(entries);
            Collections.rotate(order, -round);
            for (Entry entry : order) {
                turn(entry, round);
            }
            progress.println(round == 0 ? "loads found" : "round " + round + " of " + settings.pairs());
        }
    }

    private void turn(Entry entry, int round) throws InterruptedException {
        double rate = round == 0 ? 0 : Math.max(LEAST_FRAMES_A_SECOND, entry.lately() * MICROS * ABOVE);
        try {
            entry.scene.resume();
            try {
                Sample sample = measure(entry, round, rate);
                if (sample.mpps() == 0) { throw new IllegalStateException("no packet arrived"); }
                entry.samples.add(sample);
            } finally {
                entry.scene.pause();
            }
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            leaveOut(entry.series().name(), e.getMessage());
            entries.remove(entry);
        }
    }

    private Sample measure(Entry entry, int round, double rate) throws Exception {
        Scene scene = entry.scene;
        try (ArrivalCounter arrivals = new ArrivalCounter(scene.exit());
            Load load = generator.start(scene.entrance(), entry.flows, rate, settings.cores().generator())) {
            sleep(settings.warmUpSeconds());
            Moment before = moment(scene, arrivals, load);
            sleep(settings.seconds());
            Moment after = moment(scene, arrivals, load);
            return sample(round, rate == 0, before, after);
        }
    }

    private static void sleep(double seconds) throws InterruptedException {
        Thread.sleep(Duration.ofNanos((long) (seconds * NANOS)));
    }

    private record Moment(ArrivalCounter.Arrivals arrivals, long sent, CpuTime cpu, double framesPerBatch) {}

    private Moment moment(Scene scene, ArrivalCounter arrivals, Load load) {
        CpuTime cpu = CpuTime.now(settings.cores(), scene.processes(), scene.kernelThreads(), load.thread());
        return new Moment(arrivals.read(), load.sent(), cpu, scene.framesPerBatch().orElse(0));
    }

    private static Sample sample(int round, boolean overload, Moment before, Moment after) {
        CpuTime.Used used = after.cpu.since(before.cpu);
        ArrivalCounter.Arrivals arrived = after.arrivals.since(before.arrivals);
        double seconds = used.wallNanos() / NANOS;
        double sent = after.sent - before.sent;
        return new Sample(round, overload, sent / seconds / MICROS, arrived.all() / seconds / MICROS,
            used.coreSeconds() / seconds, used.busy() / NANOS / seconds, used.softirqs() / NANOS / seconds,
            arrived.all() / used.coreSeconds() / MICROS, Math.max(0, 1 - arrived.all() / Math.max(1, sent)),
            arrived.all() == 0 ? 0 : arrived.asExpected() / (double) arrived.all(), after.framesPerBatch);
    }

    /** Of those that have been measured at least once. */
    List<Series> series() {
        return entries.stream().map(Entry::series).filter(series -> !series.counted().isEmpty()).toList();
    }

    List<LeftOut> leftOut() {
        return List.copyOf(leftOut);
    }

    /** Takes everything down, last set up first, whatever fails. */
    @Override
    public void close() {
        for (AutoCloseable resource : resources.reversed()) {
            try {
                resource.close();
            } catch (Exception e) {
                progress.println("weft: not taken down: " + e.getMessage());
            }
        }
    }
}
