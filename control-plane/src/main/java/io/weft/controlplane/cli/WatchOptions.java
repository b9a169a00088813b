package io.weft.controlplane.cli;

import io.weft.controlplane.view.UnavailableException;
import io.weft.dataplane.config.ExitCode;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Option;

/** Prints again and again, until SIGINT. */
final class WatchOptions {
    @Option(names = "--watch", description = "print again and again, until Ctrl-C") private boolean watch;

    @Option(names = "--interval", paramLabel = "SECONDS", defaultValue = "2", description = "of --watch (default: ${DEFAULT-VALUE})") private int interval;

    /** @return the exit status of the last time */
    int run(PrintWriter out, Callable<Integer> once) throws Exception {
        if (!watch) { return once.call(); }
        Screen screen = new Screen(out);
        while (true) {
            screen.begin();
            int status = status(out, once);
            out.flush();
            try {
                TimeUnit.SECONDS.sleep(Math.max(1, interval));
            } catch (InterruptedException e) {
                return status;
            }
        }
    }

    /** What is missing now may be there the next time. */
    private static int status(PrintWriter out, Callable<Integer> once) throws Exception {
        try {
            return once.call();
        } catch (UnavailableException e) {
            out.println("weft: " + e.getMessage());
            return ExitCode.FAILED;
        }
    }
}
