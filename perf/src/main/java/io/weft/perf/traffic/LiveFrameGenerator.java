package io.weft.perf.traffic;

import io.weft.nativebindings.bpf.BpfMap;
import io.weft.nativebindings.bpf.BpfProgram;
import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.MappedMemory;
import io.weft.nativebindings.linux.NativeMemory;
import io.weft.nativebindings.linux.ThreadAffinity;
import io.weft.nativebindings.linux.ThreadInterrupt;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Rtnetlink;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Sends UDP frames made by the kernel (BPF_PROG_RUN with live frames) out of a device: several million a second and core, at a
 * fixed rate or as fast as it goes. The device's driver must take redirected frames; a veth does when its peer receives by NAPI: an XDP
 * program attached there, or {@code ethtool -K PEER gro on}.
 *
 * <p>One system call runs for the whole of a test, because setting one up takes some 25 ms; it is ended by a signal. Sequence
 * numbers go on from run to run. One run at a time.
 */
public final class LiveFrameGenerator implements TrafficGenerator {
    private static final int BATCH = 64;
    /** A run that waits for the time of frames is cut into rounds of all that one call can be asked for. */
    private static final int NO_END = -1;

    private static final long SIGNAL_PERIOD_MILLIS = 1;
    private static final double NANOS = 1e9;

    private final Path namespace;
    private final FrameTemplate largest;
    private final BpfMap state;
    private final MappedMemory memory;
    private final BpfProgram program;
    private final int cpu;
    private volatile Run running;

    /**
     * @param namespace path of the device's network namespace
     * @param cpu processor to send on, or -1 for any
     */
    public LiveFrameGenerator(Path namespace, String device, FrameSpec spec, int cpu) {
        this.namespace = namespace;
        this.cpu = cpu;
        largest = new FrameTemplate(spec, spec.sizes().largest());
        int ifindex = ifindex(namespace, device);
        state = BpfMap.mappableArray("weft_gen", LiveFrameProgram.STATE_LENGTH, 1);
        memory = state.mapMemory();
        program = BpfProgram.load(BpfProgram.Type.XDP, "weft_gen",
            LiveFrameProgram.assemble(spec, state, ifindex).assemble(), 0);
    }

    static int ifindex(Path namespace, String device) {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(namespace)) {
            return rtnetlink.link(device)
                .orElseThrow(() -> new LinuxException("find device " + device + " in " + namespace, Errno.ENODEV))
                .index();
        }
    }

    /** Sends for {@code duration}; {@code rate} frames a second, or as fast as it goes when 0. */
    @Override
    public SendReport run(Duration duration, double rate) throws InterruptedException {
        Run run = start(rate);
        Thread.sleep(duration);
        return run.stop();
    }

    /** Sends {@code frames} frames as fast as it goes. */
    public SendReport sendExactly(int frames) throws InterruptedException {
        return new Run(frames, 0).await();
    }

    /** Begins to send; the caller ends it by {@link Run#stop}. */
    public Run start(double rate) {
        return new Run(NO_END, rate);
    }

    /** Ends a run that another thread started, if there is one. */
    @Override
    public void close() {
        Run run = running;
        if (run != null) { run.requestStop(); }
        program.close();
        memory.close();
        state.close();
    }

    /** Frames under way. */
    public final class Run {
        private final FutureTask<SendReport> task;
        private volatile int thread;
        private volatile boolean stopping;

        private Run(int frames, double rate) {
            running = this;
            NativeMemory.putLong(at(LiveFrameProgram.DUE), 0);
            NativeMemory.putLong(at(LiveFrameProgram.FIRST), 0);
            NativeMemory.putLong(at(LiveFrameProgram.LAST), 0);
            NativeMemory.putLong(at(LiveFrameProgram.INTERVAL), interval(rate));
            task = new FutureTask<>(() -> NetworkNamespace.call(namespace, () -> send(frames)));
            Thread.ofPlatform().daemon().name("live-frames").start(task);
        }

        private SendReport send(int frames) {
            if (cpu >= 0) { ThreadAffinity.pin(cpu); }
            thread = ThreadInterrupt.currentThread();
            long sentBefore = sent();
            long bytesBefore = bytes();
            long cpuBefore = cpuNanos();
            int result;
            do {
                result = program.runLive(new byte[largest.length()], frames, BATCH);
            } while (result == 0 && frames == NO_END && !stopping);
            long elapsed = NativeMemory.getLong(at(LiveFrameProgram.LAST))
                - NativeMemory.getLong(at(LiveFrameProgram.FIRST));
            if (result != -Errno.EINTR) { LinuxException.check("run live frames", result); }
            return new SendReport(sent() - sentBefore, bytes() - bytesBefore, elapsed, cpuNanos() - cpuBefore);
        }

        /** Ends it and says what was sent. */
        public SendReport stop() throws InterruptedException {
            requestStop();
            return await();
        }

        /** The kernel's number of the sending thread, for its {@code /proc} files; 0 until it runs. */
        public int thread() {
            return thread;
        }

        private void requestStop() {
            stopping = true;
            while (!task.isDone()) {
                if (thread != 0) { ThreadInterrupt.interrupt(thread); }
                sleepUninterrupted();
            }
        }

        private SendReport await() throws InterruptedException {
            try {
                return task.get();
            } catch (ExecutionException e) {
                if (e.getCause() instanceof RuntimeException cause) { throw cause; }
                throw new IllegalStateException(e.getCause());
            } finally {
                running = null;
            }
        }
    }

    private static void sleepUninterrupted() {
        try {
            Thread.sleep(SIGNAL_PERIOD_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Frames sent since this was made, a run under way included. */
    public long sent() {
        return NativeMemory.getLong(at(LiveFrameProgram.SENT));
    }

    private long bytes() {
        return NativeMemory.getLong(at(LiveFrameProgram.BYTES));
    }

    private long at(int offset) {
        return memory.address() + offset;
    }

    private static long interval(double rate) {
        return rate == 0 ? 0 : Math.max(1, Math.round(NANOS * (1 << LiveFrameProgram.TIME_FRACTION) / rate));
    }

    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }
}
