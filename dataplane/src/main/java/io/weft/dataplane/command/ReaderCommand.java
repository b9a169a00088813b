package io.weft.dataplane.command;

import io.weft.dataplane.config.ConfigurationException;
import io.weft.dataplane.config.ExitCode;
import io.weft.dataplane.counters.CounterFileException;
import io.weft.dataplane.table.TablesException;
import io.weft.nativebindings.linux.FileErrors;
import io.weft.nativebindings.linux.LinuxException;
import java.io.IOException;
import java.util.function.Consumer;

/** A command that looks into the running dataplane: an error is one line on standard error, and an {@link ExitCode}. Cold code. */
public final class ReaderCommand {
    private static final long STOP_MILLIS = 5_000;

    private ReaderCommand() {
    }

    /** What the command does. */
    @FunctionalInterface
    public interface Body {
        /** @throws IllegalArgumentException for wrong usage */
        void run() throws IOException;
    }

    /** @return the exit code */
    public static int run(String command, Body body) {
        try {
            body.run();
            return 0;
        } catch (IllegalArgumentException | ConfigurationException e) {
            return fail(command, e.getMessage(), ExitCode.WRONG_USAGE);
        } catch (TablesException | CounterFileException | LinuxException e) {
            return fail(command, e.getMessage(), ExitCode.FAILED);
        } catch (IOException e) {
            return fail(command, FileErrors.describe(e), ExitCode.FAILED);
        }
    }

    /**
     * Like {@link #run}, for a command that a signal ends as a bound does. Ends the process.
     *
     * @param body is given a consumer for what a signal shall call
     */
    public static void runUntilSignal(String command, SignalledBody body) {
        Thread main = Thread.currentThread();
        int code = run(command, () -> body.run(stop -> Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            stop.run();
            try {
                main.join(STOP_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }, "weft-stop"))));
        Runtime.getRuntime().halt(code); // the hook may be waiting for this thread
    }

    /** What such a command does. */
    @FunctionalInterface
    public interface SignalledBody {
        void run(Consumer<Runnable> onSignal) throws IOException;
    }

    private static int fail(String command, String message, int code) {
        System.err.println("weft " + command + ": " + message);
        return code;
    }
}
