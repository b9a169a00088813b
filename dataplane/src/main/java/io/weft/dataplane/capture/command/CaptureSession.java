package io.weft.dataplane.capture.command;

import io.weft.dataplane.capture.CaptureFile;
import io.weft.dataplane.capture.CaptureReader;
import io.weft.dataplane.capture.CaptureRequest;
import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.explain.FrameText;
import io.weft.dataplane.explain.NodeNames;
import io.weft.dataplane.table.TablesException;
import io.weft.dataplane.table.TablesReader;
import io.weft.nativebindings.linux.FileLock;
import io.weft.nativebindings.linux.LinuxException;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * One capture, from the request to its withdrawal. Only one can run on a node at a time. The dataplane ends it by itself when this process
 * is no longer there.
 *
 * <p>Threads: one; {@link #stop} from any.
 */
final class CaptureSession implements AutoCloseable {
    private static final String LOCK = "capture.lock";
    private static final long BEGIN_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final long ALIVE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final CaptureArguments arguments;
    private final Path runDirectory;
    private final TablesReader tables;
    private final NodeNames names;
    private final FileLock lock;
    private final CaptureRequest request;
    private volatile boolean stopping;
    private long written;

    /** @throws TablesException if no dataplane runs, or another capture does */
    CaptureSession(CaptureArguments arguments) {
        this.arguments = arguments;
        runDirectory = arguments.configuration().runDirectory();
        tables = TablesReader.open(runDirectory);
        try (CounterReader counters = CounterReader.open(runDirectory)) {
            long heartbeat = counters.gauge(ConductorGauge.HEARTBEAT);
            if (heartbeat == 0 || System.nanoTime() - heartbeat > ALIVE_NANOS || tables.local() == null) {
                throw new TablesException("no dataplane runs on " + runDirectory);
            }
            names = NodeNames.of(tables, counters, runDirectory);
        }
        request = arguments.request(ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE), names);
        Path lockFile = runDirectory.resolve(LOCK);
        lock = FileLock.tryLock(lockFile).orElseThrow(() -> new TablesException("another capture runs"
            + FileLock.holder(lockFile).map(pid -> " (process " + pid + ")").orElse("") + ": end it first"));
    }

    void stop() {
        stopping = true;
    }

    /** Until a bound is reached, {@link #stop} is called or the dataplane ends. Then says on standard error how many frames there were. */
    void run() throws IOException {
        try (FrameOutput output = output()) {
            request.write(runDirectory);
            try (CaptureFile file = awaitFile()) {
                copy(file, output);
                withdraw();
                CaptureReader rest = new CaptureReader(file);
                awaitEnd(file);
                while (written < arguments.count && read(rest, output) > 0) {
                    // until the rings are empty
                }
                output.flush();
                System.err.println("weft capture: " + written + " frames captured, " + file.lost()
                    + " lost (no room in the ring: a larger --ring, a smaller --snaplen or a narrower filter helps)");
            }
        }
    }

    private FrameOutput output() throws IOException {
        FrameText text = new FrameText(tables.local().overlay());
        if (arguments.file.isEmpty()) { return FrameOutput.text(standardOutput(), names, text); }
        OutputStream out = arguments.file.equals("-") ? standardOutput()
            : new BufferedOutputStream(Files.newOutputStream(Path.of(arguments.file)));
        return FrameOutput.pcapng(out, names, request.snapLength());
    }

    /** Not {@code System.out}, which hides errors: a reader that is gone ends the capture. */
    private static OutputStream standardOutput() {
        return new BufferedOutputStream(new FileOutputStream(FileDescriptor.out));
    }

    private CaptureFile awaitFile() {
        long deadline = System.nanoTime() + BEGIN_NANOS;
        while (System.nanoTime() < deadline) {
            CaptureFile file = open();
            if (file != null && file.id() == request.id()) {
                file.touch(System.nanoTime());
                return file;
            }
            if (file != null) {
                file.close();
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        throw new TablesException("the dataplane has not begun to capture; its log says why");
    }

    private CaptureFile open() {
        try {
            return Files.exists(runDirectory.resolve(CaptureFile.NAME))
                ? CaptureFile.open(runDirectory.resolve(CaptureFile.NAME))
                : null;
        } catch (LinuxException | IllegalArgumentException notYet) {
            return null;
        }
    }

    private void copy(CaptureFile file, FrameOutput output) throws IOException {
        CaptureReader reader = new CaptureReader(file);
        long began = System.nanoTime();
        long limitNanos = arguments.seconds == Long.MAX_VALUE ? Long.MAX_VALUE
            : TimeUnit.SECONDS.toNanos(arguments.seconds);
        while (!stopping && written < arguments.count && System.nanoTime() - began < limitNanos && !file.hasEnded()) {
            file.touch(System.nanoTime());
            if (read(reader, output) == 0) {
                output.flush();
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    private int read(CaptureReader reader, FrameOutput output) throws IOException {
        try {
            return reader.read((nanos, port, direction, reason, length, bytes) -> {
                if (written < arguments.count) {
                    written++;
                    write(output, nanos, port, direction, reason, length, bytes);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static void write(FrameOutput output, long nanos, int port, int direction, int reason, int length,
        byte[] bytes) {
        try {
            output.frame(nanos, port, direction, reason, length, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void withdraw() throws IOException {
        Files.deleteIfExists(runDirectory.resolve(CaptureRequest.NAME));
    }

    private static void awaitEnd(CaptureFile file) {
        long deadline = System.nanoTime() + BEGIN_NANOS;
        while (!file.hasEnded() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    @Override
    public void close() throws IOException {
        try {
            withdraw();
        } finally {
            lock.close();
            tables.close();
        }
    }
}
