package io.weft.dataplane.capture.command;

import io.weft.dataplane.capture.RingFile;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A command that looks at the frames of a running dataplane, from its request to the withdrawal. Only one of a kind can run on a node at a
 * time. The dataplane ends it by itself when this process is no longer there.
 *
 * <p>Threads: one; {@link #stop} from any.
 */
public final class RingSession implements AutoCloseable {
    private static final long BEGIN_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final long ALIVE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final RingFile.Kind kind;
    private final Path runDirectory;
    private final Path request;
    private final TablesReader tables;
    private final NodeNames names;
    private final FileLock lock;
    private final long id = ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
    private RingFile file;
    private volatile boolean stopping;

    /** Writes the request into the run directory. */
    @FunctionalInterface
    public interface Request {
        void write(Path runDirectory) throws IOException;
    }

    /** What the command does with the frames. */
    public interface Frames {
        /**
         * Takes what is in the rings now.
         *
         * @return whether that was anything
         */
        boolean take() throws IOException;

        /** Whether it needs no more. */
        boolean isEnough();

        /** Lets a reader at the other end of a pipe see what there is. */
        void flush() throws IOException;
    }

    /**
     * @param requestName in the run directory
     * @throws TablesException if no dataplane runs, or another such command does
     */
    public RingSession(RingFile.Kind kind, String requestName, Path runDirectory) {
        this.kind = kind;
        this.runDirectory = runDirectory;
        request = runDirectory.resolve(requestName);
        tables = TablesReader.open(runDirectory);
        try (CounterReader counters = CounterReader.open(runDirectory)) {
            long heartbeat = counters.gauge(ConductorGauge.HEARTBEAT);
            if (heartbeat == 0 || System.nanoTime() - heartbeat > ALIVE_NANOS || tables.local() == null) {
                throw new TablesException("no dataplane runs on " + runDirectory);
            }
            names = NodeNames.of(tables, counters, runDirectory);
        }
        Path lockFile = runDirectory.resolve(kind.name() + ".lock");
        lock = FileLock.tryLock(lockFile).orElseThrow(() -> new TablesException("another " + kind.name() + " runs"
            + FileLock.holder(lockFile).map(pid -> " (process " + pid + ")").orElse("") + ": end it first"));
    }

    /** For the request. */
    public long id() {
        return id;
    }

    public NodeNames names() {
        return names;
    }

    /** Frames in words, with the names that the node knows. */
    public FrameText frameText() {
        return new FrameText(tables.local().overlay(), names);
    }

    /** Makes {@link #follow} withdraw the request and take what is left. */
    public void stop() {
        stopping = true;
    }

    /** Not {@code System.out}, which hides errors: a reader that is gone ends the command. */
    public static OutputStream standardOutput() {
        return new BufferedOutputStream(new FileOutputStream(FileDescriptor.out));
    }

    /**
     * Asks the dataplane, and waits until it has begun.
     *
     * @return where the frames are; valid as long as this session
     */
    public RingFile begin(Request writer) throws IOException {
        writer.write(runDirectory);
        file = awaitFile();
        return file;
    }

    /**
     * Until there is enough, the time is over, {@link #stop} is called or the dataplane ends. What the rings contain then is still taken.
     *
     * @param seconds {@link Long#MAX_VALUE} for no limit
     */
    public void follow(Frames frames, long seconds) throws IOException {
        takeUntilEnd(frames, seconds);
        withdraw();
        awaitEnd();
        while (!frames.isEnough() && frames.take()) {
            // until the rings are empty
        }
        frames.flush();
    }

    private void takeUntilEnd(Frames frames, long seconds) throws IOException {
        long began = System.nanoTime();
        long limitNanos = seconds == Long.MAX_VALUE ? Long.MAX_VALUE : TimeUnit.SECONDS.toNanos(seconds);
        while (!stopping && !frames.isEnough() && System.nanoTime() - began < limitNanos && !file.hasEnded()) {
            file.touch(System.nanoTime());
            if (!frames.take()) {
                frames.flush();
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    private RingFile awaitFile() {
        long deadline = System.nanoTime() + BEGIN_NANOS;
        while (System.nanoTime() < deadline) {
            RingFile found = open();
            if (found != null && found.id() == id) {
                found.touch(System.nanoTime());
                return found;
            }
            if (found != null) {
                found.close();
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        throw new TablesException("the dataplane has not begun to " + kind.name() + "; its log says why");
    }

    private RingFile open() {
        try {
            return Files.exists(runDirectory.resolve(kind.name())) ? RingFile.open(runDirectory, kind) : null;
        } catch (LinuxException | IllegalArgumentException notYet) {
            return null;
        }
    }

    private void withdraw() throws IOException {
        Files.deleteIfExists(request);
    }

    private void awaitEnd() {
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
            if (file != null) {
                file.close();
            }
            lock.close();
            tables.close();
        }
    }
}
