package io.weft.dataplane.conductor;

import io.weft.dataplane.counters.ConductorCounters;
import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.worker.Faults;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;

/**
 * Says in the log, in the counters and in {@code weft status} which exceptions the workers have survived: each is a fault in Weft that somebody should report.
 *
 * <p>Thread: the conductor. Cold code.
 */
final class FaultReport {
    private static final Logger LOG = System.getLogger(FaultReport.class.getName());

    private final List<Faults> workers;
    private final ConductorCounters counters;
    private final long[] reported;

    /** @param workers what each has survived, by its index */
    FaultReport(List<Faults> workers, ConductorCounters counters) {
        this.workers = workers;
        this.counters = counters;
        reported = new long[workers.size()];
    }

    /** @return one line about the exceptions since the last call, or nothing */
    String refresh() {
        String line = "";
        long all = 0;
        for (int worker = 0; worker < reported.length; worker++) {
            Faults faults = workers.get(worker);
            long count = faults.count();
            all += count;
            if (count != reported[worker]) {
                line = describe(worker, count - reported[worker], faults.last());
                LOG.log(Level.WARNING, line);
                reported[worker] = count;
            }
        }
        counters.set(ConductorGauge.WORKER_EXCEPTIONS, all);
        return line;
    }

    private static String describe(int worker, long count, Throwable last) {
        Throwable cause = last.getCause();
        return "worker " + worker + " has survived " + count + (count == 1 ? " exception: " : " exceptions, the last: ")
            + last + (cause == null ? place(last) : ", because of " + cause + place(cause))
            + "; report it, with the log";
    }

    /** Nothing if the same is thrown so often that the virtual machine leaves out where. */
    private static String place(Throwable thrown) {
        StackTraceElement[] trace = thrown.getStackTrace();
        return trace.length == 0 ? "" : " at " + trace[0];
    }
}
