package io.weft.perf.traffic.command;

import io.weft.perf.traffic.AfXdpGenerator;
import io.weft.perf.traffic.AfXdpReceiver;
import io.weft.perf.traffic.Flows;
import io.weft.perf.traffic.FrameSpec;
import io.weft.perf.traffic.LiveFrameGenerator;
import io.weft.perf.traffic.ReceiveReport;
import io.weft.perf.traffic.SendReport;
import io.weft.perf.traffic.SinkCounts;
import io.weft.perf.traffic.TrafficGenerator;
import io.weft.perf.traffic.XdpSink;
import io.weft.perf.traffic.bed.Wire;
import java.time.Duration;

/**
 * Runs of test traffic over one wire.
 *
 * @param cpu processor of the sending thread, or -1
 */
public record TrafficRun(Wire wire, FrameSpec frames, Engine engine, int cpu) {
    private static final long QUIET_NANOS = 100_000_000L;
    private static final long POLL_MILLIS = 5;
    private static final double WARM_UP_RATE = 50_000;
    private static final Duration WARM_UP_MIN = Duration.ofMillis(300);
    private static final Duration WARM_UP_MAX = Duration.ofSeconds(5);
    private static final double NANOS = 1e9;
    private static final double MEGA = 1e6;
    private static final double GIGA = 1e9;

    /** How frames are sent. */
    public enum Engine { afxdp, live }

    /** How they are received. */
    public enum Receiver {
        /** Through a socket: order, duplicates and latency are known. */
        afxdp,
        /** Counted in the driver, at any rate. */
        xdp
    }

    private TrafficGenerator generator(FrameSpec spec) {
        return engine == Engine.live
            ? new LiveFrameGenerator(wire.txNamespace(), wire.txDevice(), spec, cpu)
            : new AfXdpGenerator(wire.txNamespace(), wire.txDevice(), spec, cpu);
    }

    private XdpSink sink() {
        return new XdpSink(wire.rxNamespace(), wire.rxDevice(), wire.expectation(frames.flows()));
    }

    /** Sends every flow's first frames at a moderate rate, so that tables, neighbours and compiled code exist afterwards. */
    public void warmUp() throws InterruptedException {
        Flows flows = frames.flows();
        FrameSpec roundRobin = new FrameSpec(frames.destinationMac(), frames.sourceMac(), frames.source(),
            frames.destination(), frames.destinationPort(), flows.roundRobin(), frames.sizes(), frames.tunnel());
        Duration needed = Duration.ofNanos((long) (flows.count() * NANOS / WARM_UP_RATE));
        Duration duration = needed.compareTo(WARM_UP_MIN) < 0 ? WARM_UP_MIN
            : needed.compareTo(WARM_UP_MAX) > 0 ? WARM_UP_MAX : needed;
        try (XdpSink sink = sink(); TrafficGenerator generator = generator(roundRobin)) {
            generator.run(duration, WARM_UP_RATE);
            awaitQuiet(sink);
        }
    }

    /** One trial of a search: counted in the driver. */
    public RateSearch.Outcome trial(double rate, Duration duration) throws InterruptedException {
        try (XdpSink sink = sink(); TrafficGenerator generator = generator(frames)) {
            SendReport sent = generator.run(duration, rate);
            return new RateSearch.Outcome(rate, sent.framesPerSecond(), sent.frames(), awaitQuiet(sink).probes());
        }
    }

    /**
     * Like {@link #trial}, but a frame that came too fast for the classifying receiver counts as lost: finds the maximum rate that can be
     * classified.
     */
    public RateSearch.Outcome judgedTrial(double rate, Duration duration) throws InterruptedException {
        TrafficResult result = judge(rate, duration);
        return new RateSearch.Outcome(rate, result.sentMpps() * MEGA, result.sent(),
            result.received() - result.overrun());
    }

    /** Sends for a while at a rate, 0 for as fast as possible. */
    public TrafficResult run(double rate, Duration duration, Receiver receiver) throws InterruptedException {
        return receiver == Receiver.xdp ? count(rate, duration) : judge(rate, duration);
    }

    private TrafficResult count(double rate, Duration duration) throws InterruptedException {
        try (XdpSink sink = sink(); TrafficGenerator generator = generator(frames)) {
            SendReport sent = generator.run(duration, rate);
            SinkCounts counts = awaitQuiet(sink);
            return result(Receiver.xdp, rate, sent, counts.probes(), counts.late(), null, null, null);
        }
    }

    private TrafficResult judge(double rate, Duration duration) throws InterruptedException {
        try (AfXdpReceiver receiver = new AfXdpReceiver(wire.rxNamespace(), wire.rxDevice(),
            wire.expectation(frames.flows()));
            TrafficGenerator generator = generator(frames)) {
            SendReport sent = generator.run(duration, rate);
            ReceiveReport report = receiver.finish();
            return result(Receiver.afxdp, rate, sent, report.received() + report.overrun(), report.reordered(),
                report.duplicated(), report.overrun(), LatencySummary.of(report.latencyNanos()));
        }
    }

    private TrafficResult result(Receiver receiver, double rate, SendReport sent, long received, long reordered,
        Long duplicated, Long overrun, LatencySummary latency) {
        double seconds = sent.elapsedNanos() / NANOS;
        double pps = seconds == 0 ? 0 : received / seconds;
        return new TrafficResult(wire.name(), engine.name(), receiver.name(), frames.sizes().name(),
            frames.flows().count(), rate, seconds, sent.frames(), received, Math.max(0, sent.frames() - received),
            reordered, duplicated, overrun, sent.framesPerSecond() / MEGA, pps / MEGA,
            pps * frames.sizes().mean() * Byte.SIZE / GIGA, sent.cpuNanos() / NANOS, latency);
    }

    /** Waits for frames that are still under way when the sender ends. */
    private static SinkCounts awaitQuiet(XdpSink sink) throws InterruptedException {
        SinkCounts last = sink.counts();
        long since = System.nanoTime();
        while (System.nanoTime() - since < QUIET_NANOS) {
            Thread.sleep(POLL_MILLIS);
            SinkCounts now = sink.counts();
            if (now.probes() != last.probes()) {
                last = now;
                since = System.nanoTime();
            }
        }
        return last;
    }
}
