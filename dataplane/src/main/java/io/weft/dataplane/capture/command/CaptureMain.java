package io.weft.dataplane.capture.command;

import io.weft.dataplane.config.ConfigurationException;
import io.weft.dataplane.counters.CounterFileException;
import io.weft.dataplane.table.TablesException;
import io.weft.nativebindings.linux.FileErrors;
import io.weft.nativebindings.linux.LinuxException;
import java.io.IOException;

/** {@code weft capture}. Exit codes: 0 ended at a bound or by a signal, 1 failed, 2 wrong usage or configuration; an error is one line. */
public final class CaptureMain {
    private static final int FAILED = 1;
    private static final int WRONG_USAGE = 2;
    private static final long STOP_MILLIS = 5_000;

    private CaptureMain() {
    }

    public static void main(String[] words) {
        int code = 0;
        try {
            CaptureArguments arguments = CaptureArguments.parse(words);
            if (arguments.help) {
                System.out.print(CaptureArguments.USAGE);
                System.out.flush();
            } else {
                capture(arguments);
            }
        } catch (IllegalArgumentException | ConfigurationException e) {
            code = fail(e.getMessage(), WRONG_USAGE);
        } catch (TablesException | CounterFileException | LinuxException e) {
            code = fail(e.getMessage(), FAILED);
        } catch (IOException e) {
            code = fail(FileErrors.describe(e), FAILED);
        }
        Runtime.getRuntime().halt(code); // the hook may be waiting for this thread
    }

    /** A signal ends the capture as a bound does: what is captured is written, and the dataplane stops capturing. */
    private static void capture(CaptureArguments arguments) throws IOException {
        try (CaptureSession session = new CaptureSession(arguments)) {
            Thread main = Thread.currentThread();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                session.stop();
                try {
                    main.join(STOP_MILLIS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }, "weft-stop"));
            session.run();
        }
    }

    private static int fail(String message, int code) {
        System.err.println("weft capture: " + message);
        return code;
    }
}
