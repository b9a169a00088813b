package io.weft.dataplane.conductor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterSizing;
import io.weft.dataplane.worker.Faults;
import java.util.List;
import org.junit.jupiter.api.Test;

class FaultReportTest {
    @Test
    void eachExceptionIsReportedOnceAndAllAreCounted() {
        List<Faults> workers = List.of(new Faults(), new Faults());
        try (CounterFile counters = CounterFile.inMemory(new CounterSizing(2, 4, 4))) {
            FaultReport report = new FaultReport(workers, counters.conductor());
            assertEquals("", report.refresh());
            workers.get(1).add(new IllegalStateException("first"));
            String line = report.refresh();
            assertTrue(line.startsWith("worker 1 has survived 1 exception: java.lang.IllegalStateException: first at "
                + FaultReportTest.class.getName()), line);
            assertTrue(line.endsWith("; report it, with the log"), line);
            assertEquals("", report.refresh());
            workers.get(0).add(new IllegalStateException("second"));
            workers.get(0).add(new IndexOutOfBoundsException("third"));
            line = report.refresh();
            assertTrue(line.startsWith(
                "worker 0 has survived 2 exceptions, the last: java.lang.IndexOutOfBoundsException: third at "), line);
            workers.get(0).add(new IllegalStateException("port 3", new ArithmeticException("cause")));
            line = report.refresh();
            assertTrue(line.contains("port 3, because of java.lang.ArithmeticException: cause at "), line);
            assertEquals(4, counters.reader().gauge(ConductorGauge.WORKER_EXCEPTIONS));
        }
    }
}
