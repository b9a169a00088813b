package io.weft.perf.traffic;

import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.MappedMemory;
import io.weft.nativebindings.linux.ThreadAffinity;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.xdp.CompletionRing;
import io.weft.nativebindings.xdp.RingSizes;
import io.weft.nativebindings.xdp.TxRing;
import io.weft.nativebindings.xdp.Umem;
import io.weft.nativebindings.xdp.XskSocket;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Sends UDP frames through AF_XDP from queue 0 of a device, as any program does: at a rate, each frame when its schedule says, or as fast
 * as the ring accepts them. A frame carries the time at which it was due, so that a delayed sender does not hide the delay (coordinated
 * omission). Sequence numbers continue from run to run. One run at a time.
 */
public final class AfXdpGenerator implements TrafficGenerator {
    private static final int FRAMES = 2048;
    private static final int SMALL_CHUNK = 2048;
    private static final int LARGE_CHUNK = 4096;
    private static final int BATCH = 64;
    private static final long DRAIN_NANOS = 1_000_000_000L;
    /** A sender that is behind its schedule sends the remaining frames, for at most this many times its duration. */
    private static final int LATE_FACTOR = 2;

    private static final long SLEEP_FROM_NANOS = 120_000;
    private static final double NANOS = 1e9;

    private final Path namespace;
    private final int cpu;
    private final Flows flows;
    private final FrameTemplate[] pattern;
    private final MappedMemory memory;
    private final XskSocket socket;
    private final int chunk;
    private final long[] free = new long[FRAMES];
    private final int[] sequences = new int[Flows.MAX_GROUPS];
    private int freeCount;
    private long random = 0x9E37_79B9_7F4A_7C15L;
    private int nextFlow;
    private int nextSize;
    private long bytes;
    private long frames;

    /**
     * @param namespace path of the device's network namespace
     * @param cpu processor to send on, or -1 for any
     */
    public AfXdpGenerator(Path namespace, String device, FrameSpec spec, int cpu) {
        this.namespace = namespace;
        this.cpu = cpu;
        flows = spec.flows();
        pattern = spec.sizes().pattern().stream().map(size -> new FrameTemplate(spec, size))
            .toArray(FrameTemplate[]::new);
        chunk = new FrameTemplate(spec, spec.sizes().largest()).length() > SMALL_CHUNK ? LARGE_CHUNK : SMALL_CHUNK;
        memory = MappedMemory.anonymous((long) FRAMES * chunk, false);
        int ifindex = LiveFrameGenerator.ifindex(namespace, device);
        socket = NetworkNamespace.call(namespace, () -> open(ifindex));
        for (int i = 0; i < FRAMES; i++) {
            free[freeCount++] = (long) i * chunk;
        }
    }

    private XskSocket open(int ifindex) {
        XskSocket opened = XskSocket.create();
        try {
            Umem.register(opened, memory, chunk, 0, false);
            opened.createRings(new RingSizes(BATCH, FRAMES, 0, FRAMES));
            opened.bind(ifindex, 0, XskSocket.XDP_USE_NEED_WAKEUP);
            opened.setMaxTxBudget(BATCH);
            return opened;
        } catch (LinuxException e) {
            opened.close();
            memory.close();
            throw e;
        }
    }

    @Override
    public SendReport run(Duration duration, double rate) {
        if (rate == 0) { return NetworkNamespace.call(namespace, () -> send(duration.toNanos(), Long.MAX_VALUE, 0)); }
        long count = (long) (rate * duration.toNanos() / NANOS);
        return NetworkNamespace.call(namespace, () -> send(LATE_FACTOR * duration.toNanos(), count, rate));
    }

    /** Sends {@code count} frames as fast as possible. */
    public SendReport sendExactly(long count) {
        return NetworkNamespace.call(namespace, () -> send(Long.MAX_VALUE, count, 0));
    }

    private SendReport send(long durationNanos, long count, double rate) {
        if (cpu >= 0) { ThreadAffinity.pin(cpu); }
        frames = 0;
        bytes = 0;
        long cpuBefore = cpuNanos();
        double interval = rate == 0 ? 0 : NANOS / rate;
        long start = System.nanoTime();
        long now = start;
        while (now - start < durationNanos && frames < count) {
            reclaim();
            long due = rate == 0 ? count : Math.min(count, (long) ((now - start) / interval) + 1);
            if (!put((int) Math.min(BATCH, due - frames), start, interval, now)) { pause(start, interval, now); }
            kick();
            now = System.nanoTime();
        }
        long elapsed = now - start;
        drain();
        return new SendReport(frames, bytes, elapsed, cpuNanos() - cpuBefore);
    }

    /** Sleeps until shortly before the next frame is due, if that is long enough. */
    private void pause(long start, double interval, long now) {
        long left = start + (long) (frames * interval) - now;
        if (left > SLEEP_FROM_NANOS && socket.tx().outstanding() == 0) {
            LockSupport.parkNanos(left - SLEEP_FROM_NANOS / 2);
        } else {
            Thread.onSpinWait();
        }
    }

    /** Writes up to {@code wanted} frames into the ring; false if there was none to write or no room. */
    private boolean put(int wanted, long start, double interval, long now) {
        TxRing tx = socket.tx();
        int room = tx.reserve(Math.min(wanted, freeCount));
        if (room <= 0) { return false; }
        for (int slot = 0; slot < room; slot++) {
            long time = interval == 0 ? now : start + (long) (frames * interval);
            FrameTemplate template = nextTemplate();
            long offset = free[--freeCount];
            int flow = flow();
            int group = flow & flows.groups() - 1;
            template.write(memory.address() + offset, flow, group, sequences[group]++, time);
            tx.put(slot, offset, template.length(), 0);
            frames++;
            bytes += template.length();
        }
        tx.submit(room);
        return true;
    }

    private FrameTemplate nextTemplate() {
        FrameTemplate template = pattern[nextSize];
        nextSize = nextSize + 1 == pattern.length ? 0 : nextSize + 1;
        return template;
    }

    /** Marsaglia's xorshift for a random order. */
    private int flow() {
        if (!flows.random()) {
            int flow = nextFlow;
            nextFlow = flow + 1 == flows.count() ? 0 : flow + 1;
            return flow;
        }
        random ^= random << 13;
        random ^= random >>> 7;
        random ^= random << 17;
        return (int) ((random >>> 32) * flows.count() >>> 32);
    }

    private void kick() {
        if (socket.tx().outstanding() == 0 || !socket.tx().needWakeup()) { return; }
        int result = socket.kick();
        if (result < 0 && result != -Errno.EAGAIN && result != -Errno.EBUSY && result != -Errno.ENOBUFS) {
            throw new LinuxException("send through AF_XDP", -result);
        }
    }

    private void reclaim() {
        CompletionRing completion = socket.completion();
        int done = completion.peek(BATCH);
        for (int i = 0; i < done; i++) {
            free[freeCount++] = completion.at(i);
        }
        if (done > 0) { completion.release(done); }
    }

    /** Frames in the ring count as sent, so this waits until they are. */
    private void drain() {
        long start = System.nanoTime();
        while (freeCount < FRAMES && System.nanoTime() - start < DRAIN_NANOS) {
            kick();
            reclaim();
        }
    }

    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    @Override
    public void close() {
        socket.close();
        memory.close();
    }
}
