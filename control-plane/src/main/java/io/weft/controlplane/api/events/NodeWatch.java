package io.weft.controlplane.api.events;

import io.weft.controlplane.status.ControlPlaneStatus;
import io.weft.controlplane.status.DataplaneView;
import io.weft.controlplane.status.Failures;
import io.weft.controlplane.status.Threads;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.counters.PortStatus;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Compares the node's state with that of a second ago, and records what has changed. A state that lasts less than a second may go unnoticed.
 * One thread of its own, which no failure ends.
 */
public final class NodeWatch implements AutoCloseable {
    private static final long PERIOD_MILLIS = 1000;

    private final Supplier<Optional<ControlPlaneStatus>> status;
    private final DataplaneView dataplane;
    private final EventLog log;
    private final Failures failures;
    private final Thread thread = Thread.ofPlatform().name("api-events").daemon().unstarted(this::run);
    private boolean dataplaneRuns;
    private Map<Integer, PortStatus> ports = Map.of();
    private long generation = -1;
    private String stale = "";
    private String fault = "";
    private Set<String> problems = Set.of();
    private Map<String, ControlPlaneStatus.Write> writes = Map.of();
    private long failureCount;

    /** @param status the latest that the control plane has reported */
    public NodeWatch(Supplier<Optional<ControlPlaneStatus>> status, DataplaneView dataplane, EventLog log,
        Failures failures) {
        this.status = status;
        this.dataplane = dataplane;
        this.log = log;
        this.failures = failures;
    }

    public void start() {
        thread.start();
    }

    @Override
    public void close() {
        Threads.end(thread);
    }

    private void run() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                compare();
                Thread.sleep(PERIOD_MILLIS);
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException | Error e) {
                failures.add("API events", e);
            }
        }
    }

    private void compare() {
        boolean runs = dataplane.isAlive();
        if (runs != dataplaneRuns) {
            dataplaneRuns = runs;
            log.add("dataplane", "", runs ? "running" : "down", "");
        }
        if (runs) {
            comparePorts(dataplane.read(CounterReader::ports).orElse(List.of()));
        }
        status.get().ifPresent(this::compare);
    }

    private void comparePorts(List<PortStatus> reported) {
        Map<Integer, PortStatus> now = new HashMap<>();
        reported.forEach(port -> now.put(port.id(), port));
        for (PortStatus port : reported) {
            PortStatus before = ports.get(port.id());
            boolean same = before != null && before.attachId() == port.attachId() && before.state() == port.state()
                && before.mode().equals(port.mode()) && before.reason().equals(port.reason());
            if (!same) {
                log.add("port", port.name(), port.state().name().toLowerCase(Locale.ROOT), detail(port));
            }
        }
        ports.values().stream().filter(port -> !now.containsKey(port.id()))
            .forEach(port -> log.add("port", port.name(), "gone", ""));
        ports = now;
    }

    private static String detail(PortStatus port) {
        return Stream.of(port.state() == PortState.UP ? port.mode() : "", port.reason())
            .filter(text -> !text.isEmpty()).collect(Collectors.joining(": "));
    }

    private void compare(ControlPlaneStatus now) {
        if (now.tables().published() && now.tables().generation() != generation) {
            generation = now.tables().generation();
            log.add("tables", "", "published", "generation " + generation);
        }
        stale = change("source", now.source().name(), stale, now.source().staleReason(), "stale", "up-to-date");
        fault = change("control-loop", "", fault, now.health().fault(), "fault", "working");
        compareProblems(Stream.concat(now.problems().stream(), now.source().errors().stream())
            .collect(Collectors.toSet()));
        compareWrites(now.operator() == null ? List.of() : now.operator());
        if (now.health().failures() != failureCount) {
            failureCount = now.health().failures();
            log.add("failure", "", "caught", now.health().lastFailure());
        }
    }

    private String change(String type, String subject, String before, String now, String bad, String good) {
        if (!before.equals(now)) {
            log.add(type, subject, now.isEmpty() ? good : bad, now);
        }
        return now;
    }

    private void compareWrites(List<ControlPlaneStatus.Write> reported) {
        Map<String, ControlPlaneStatus.Write> now = new HashMap<>();
        reported.forEach(write -> now.put(write.write(), write));
        for (ControlPlaneStatus.Write write : reported) {
            ControlPlaneStatus.Write before = writes.get(write.write());
            if (before == null || before.sinceMillis() != write.sinceMillis()) {
                log.add("operator", write.write(), "written", write.comment());
            }
        }
        writes.keySet().stream().filter(write -> !now.containsKey(write))
            .forEach(write -> log.add("operator", write, "deleted", ""));
        writes = now;
    }

    private void compareProblems(Set<String> now) {
        Set<String> all = new HashSet<>(now);
        all.removeAll(problems);
        all.forEach(problem -> log.add("problem", "", "found", problem));
        problems.stream().filter(problem -> !now.contains(problem))
            .forEach(problem -> log.add("problem", "", "solved", problem));
        problems = now;
    }
}
