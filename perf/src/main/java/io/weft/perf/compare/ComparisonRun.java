package io.weft.perf.compare;

import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * Sets up every system under test once, then measures rounds: each round measures every workload of every system once, in an order that
 * shifts by one.
 *
 * <p>Before the first round each system is flooded twice, which also warms it up. The load of a round is {@link #ABOVE} times the maximum
 * that arrived in the last {@value #SAMPLES_BACK} samples: slightly more than the system can take. So it is busy, and the result measures
 * its work, not the dropping of a flood.
 */
final class ComparisonRun implements AutoCloseable {
    private static final double ABOVE = 1.08;
    private static final double MORE = 1.4;
    private static final int WARM_UPS = 2;
    private static final int TRIES = 6;
    private static final int SAMPLES_BACK = 3;
    private static final double MIN_FRAMES_A_SECOND = 10_000;
    private static final double MICROS = 1e6;
    private static final double NANOS = 1e9;

    private final Settings settings;
    private final LoadSource generator;
    private final PrintWriter progress;
    private final List<Entry> entries = new ArrayList<>();
    private final List<LeftOut> leftOut = new ArrayList<>();
    private final List<AutoCloseable> resources = new ArrayList<>();

    /** A scene with a number of flows, and its measurements. */
    private static final class Entry {
        private final String system;
        private final Scene scene;
        private final int flows;
        private final List<Sample> samples = new ArrayList<>();

        Entry(String system, Scene scene, int flows) {
            this.system = system;
            this.scene = scene;
            this.flows = flows;
        }

        /** Of the overload samples only the last is kept. */
        void add(Sample sample) {
            if (sample.overload()) {
                samples.clear();
            }
            samples.add(sample);
        }

        /** Frames per second, slightly more than the system can take. */
        double nextRate() {
            double max = samples.stream().skip(Math.max(0, samples.size() - SAMPLES_BACK)).mapToDouble(Sample::mpps)
                .max()
                .orElse(0);
            return Math.max(MIN_FRAMES_A_SECOND, max * MICROS * ABOVE);
        }

        Series series() {
            return new Series(system, scene.workload(), flows, List.copyOf(samples));
        }
    }

    ComparisonRun(Settings settings, LoadSource generator, PrintWriter progress) {
        this.settings = settings;
        this.generator = generator;
        this.progress = progress;
    }

    /** Sets up what the machine has; leaves the rest out, with the reason. */
    void enter(SystemUnderTest system, String idPrefix) {
        if (system instanceof AutoCloseable resource) {
            resources.add(resource);
        }
        Optional<String> missing = system.missing();
        if (missing.isPresent()) {
            leaveOut(system.name(), missing.get());
            return;
        }
        int number = 0;
        for (Workload workload : system.workloads()) {
            String name = system.name() + " " + workload.label();
            try {
                Scene scene = system.setUp(workload, idPrefix + number++, settings.cores());
                resources.add(scene);
                entries.add(new Entry(system.name(), scene, settings.flows()));
                if (workload == Workload.DNAT_VXLAN && settings.flows() != 1) {
                    entries.add(new Entry(system.name(), scene, 1));
                }
                progress.println("ready: " + name);
                scene.pause();
            } catch (Exception e) {
                leaveOut(name, e.getMessage());
            }
        }
    }

    /** @param why only its first line is kept */
    void leaveOut(String name, String why) {
        String reason = String.valueOf(why).lines().findFirst().orElse("");
        leftOut.add(new LeftOut(name, reason));
        progress.println("left out: " + name + ": " + reason);
    }

    void play() throws IOException, InterruptedException {
        Priority.raise(List.of(ProcessHandle.current().pid())); // otherwise nothing would be scheduled to read the counters
        for (int i = 0; i < WARM_UPS; i++) {
            runRound(0);
        }
        progress.println("loads found");
        for (int round = 1; round <= settings.pairs(); round++) {
            runRound(round);
            progress.println("round " + round + " of " + settings.pairs());
        }
    }

    private void runRound(int round) throws InterruptedException {
        List<Entry> order = new ArrayList<>(entries);
        Collections.rotate(order, -round);
        for (Entry entry : order) {
            measureEntry(entry, round);
        }
    }

    private void measureEntry(Entry entry, int round) throws InterruptedException {
        try {
            entry.scene.resume();
            try {
                Priority.raise(entry.scene.forwarders());
                Sample sample = measureSaturated(entry, round, round == 0 ? 0 : entry.nextRate());
                if (sample.mpps() == 0) { throw new IllegalStateException("no packet arrived"); }
                entry.add(sample);
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

    /**
     * Repeats the measurement if other processes disturbed it, and with more load if almost all frames arrived, because then the system had
     * time left.
     */
    private Sample measureSaturated(Entry entry, int round, double firstRate) throws Exception {
        double rate = firstRate;
        Sample sample = measure(entry, round, rate);
        for (int again = 1; again < TRIES && (sample.disturbed() || !sample.saturated()); again++) {
            if (!sample.saturated()) {
                rate *= MORE;
            }
            sample = measure(entry, round, rate);
        }
        return sample;
    }

    private Sample measure(Entry entry, int round, double rate) throws Exception {
        Scene scene = entry.scene;
        try (ArrivalCounter arrivals = new ArrivalCounter(scene.egress());
            Load load = generator.start(scene.ingress(), entry.flows, rate, settings.cores().generator())) {
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

    /**
     * Packet counts at one time and processor time at another: each has its own clock, so a pause between them does no harm.
     *
     * @param nanos of the packet counts
     */
    private record Moment(long nanos, ArrivalCounter.Arrivals arrivals, long sent, CpuTime cpu,
        double framesPerBatch) {}

    private Moment moment(Scene scene, ArrivalCounter arrivals, Load load) {
        long nanos = System.nanoTime();
        ArrivalCounter.Arrivals arrived = arrivals.read();
        long sent = load.sent();
        CpuTime cpu = CpuTime.now(settings.cores(), scene.processes(), scene.kernelThreads(), load.thread());
        return new Moment(nanos, arrived, sent, cpu, scene.framesPerBatch().orElse(0));
    }

    private static Sample sample(int round, boolean overload, Moment before, Moment after) {
        CpuTime.Used used = after.cpu.since(before.cpu);
        ArrivalCounter.Arrivals arrived = after.arrivals.since(before.arrivals);
        double micros = (after.nanos - before.nanos) / NANOS * MICROS;
        double sent = after.sent - before.sent;
        double mpps = arrived.all() / micros;
        return new Sample(round, overload, sent / micros, mpps, used.cores(), used.coresByIdle(), used.softirqCores(),
            mpps / used.cores(), Math.max(0, 1 - arrived.all() / Math.max(1, sent)),
            arrived.all() == 0 ? 0 : arrived.asExpected() / (double) arrived.all(), after.framesPerBatch);
    }

    /** Of those that were measured at least once. */
    List<Series> series() {
        return entries.stream().map(Entry::series).filter(series -> !series.counted().isEmpty()).toList();
    }

    List<LeftOut> leftOut() {
        return List.copyOf(leftOut);
    }

    /** Closes everything in reverse order, even if something fails. */
    @Override
    public void close() {
        for (AutoCloseable resource : resources.reversed()) {
            try {
                resource.close();
            } catch (Exception e) {
                progress.println("weft: could not remove: " + e.getMessage());
            }
        }
    }
}
