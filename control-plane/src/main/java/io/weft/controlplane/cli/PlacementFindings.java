package io.weft.controlplane.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What {@code weft doctor} reports about processors: where workers run, who polls their devices, and what would be better. The effects that
 * it states were measured on veths; perf/results/scheduling-and-jvm-flags.md has the figures.
 */
final class PlacementFindings {
    private static final String WORKERS = "worker cpus";
    private static final String POLLING = "napi";
    private static final int MAX_NAMES = 4;

    private final Path proc;
    private final Path sys;
    private final BitSet allowed;
    private final List<Finding> findings = new ArrayList<>();

    /** @param allowed processors that a worker may use */
    PlacementFindings(Path proc, Path sys, BitSet allowed) {
        this.proc = proc;
        this.sys = sys;
        this.allowed = allowed;
    }

    /**
     * Examines a node.
     *
     * @param workers configured number
     * @param cpus configured for them, or none
     * @param pid of the dataplane, or -1
     * @param uplink device, or empty
     * @param ports devices of the pods and of {@code weft-host}
     */
    List<Finding> of(int workers, List<Integer> cpus, long pid, String uplink, List<String> ports) {
        Optional<DeviceInterrupts> uplinkPolling = uplink.isEmpty() ? Optional.empty()
            : DeviceInterrupts.of(sys, proc, uplink);
        BitSet busy = uplinkPolling.map(DeviceInterrupts::interruptCpus).orElseGet(BitSet::new);
        List<WorkerThread> running = pid < 0 ? List.of() : WorkerThread.of(proc, pid);
        if (running.isEmpty()) {
            configured(workers, cpus, busy);
        } else {
            placed(running, busy);
            priority(running);
        }
        polling(uplinkPolling, ports);
        return findings;
    }

    /**
     * One processor for each worker, none that serves the uplink's interrupts, with one left over for everything else; empty if there are
     * too few.
     */
    static List<Integer> proposal(BitSet allowed, BitSet interrupts, int workers) {
        List<Integer> free = allowed.stream().boxed().filter(cpu -> !interrupts.get(cpu)).toList();
        int left = interrupts.isEmpty() ? 1 : 0; // the processor of the interrupts is the one left over
        return free.size() - left < workers ? List.of() : free.subList(free.size() - workers, free.size());
    }

    private void configured(int workers, List<Integer> cpus, BitSet busy) {
        List<Integer> missing = cpus.stream().filter(cpu -> !allowed.get(cpu)).toList();
        if (!missing.isEmpty()) {
            findings.add(Finding.fail(WORKERS, "workerCpus " + missing + " are not among " + CpuList.format(allowed),
                "correct workerCpus, or the cpuset"));
        } else if (workers > allowed.cardinality()) {
            findings.add(Finding.warn(WORKERS, workers + " workers on " + allowed.cardinality() + " processors",
                "workers beyond that number gain nothing: set workers to " + allowed.cardinality()));
        } else if (cpus.isEmpty()) {
            findings.add(new Finding(Finding.Verdict.OK, WORKERS, "any of " + CpuList.format(allowed),
                pinning(proposal(allowed, busy, workers))));
        } else {
            findings.add(Finding.ok(WORKERS, "worker i on the i-th of " + cpus));
        }
    }

    private void placed(List<WorkerThread> workers, BitSet busy) {
        String places = workers.stream()
            .map(worker -> "worker and queue " + worker.index() + " on " + CpuList.format(worker.cpus()))
            .collect(Collectors.joining(", "));
        Optional<String> conflict = conflict(workers, busy);
        if (conflict.isPresent()) {
            List<Integer> better = proposal(allowed, busy, workers.size());
            findings.add(Finding.warn(WORKERS, places, conflict.get()
                + (better.isEmpty() ? "leave workerCpus empty" : "set workerCpus to " + better)));
        } else if (workers.stream().allMatch(WorkerThread::isPinned)) {
            findings.add(Finding.ok(WORKERS, places));
        } else {
            findings.add(new Finding(Finding.Verdict.OK, WORKERS, places,
                pinning(proposal(allowed, busy, workers.size()))));
        }
    }

    private static String pinning(List<Integer> proposal) {
        return proposal.isEmpty()
            ? "too few processors to keep one for each worker; the scheduler places them"
            : "if processors are kept free of pods, set workerCpus " + proposal
                + "; leave shared ones to the scheduler";
    }

    private static Optional<String> conflict(List<WorkerThread> workers, BitSet busy) {
        Map<Integer, Integer> taken = new HashMap<>();
        for (WorkerThread worker : workers) {
            if (worker.isPinned()) {
                int cpu = worker.cpus().nextSetBit(0);
                if (taken.put(cpu, worker.index()) != null) {
                    return Optional.of("two workers on processor " + cpu + " share it: ");
                }
                if (busy.get(cpu)) {
                    return Optional.of("processor " + cpu
                        + " serves the uplink's interrupts, which preempt the worker under load: ");
                }
            }
        }
        return Optional.empty();
    }

    private void priority(List<WorkerThread> workers) {
        int nice = workers.stream().mapToInt(WorkerThread::nice).max().orElse(0);
        findings.add(nice < 0
            ? Finding.ok("worker priority", "nice " + nice + " and a short slice; the control plane runs at nice 10")
            : Finding.warn("worker priority", "nice " + nice,
                "on a busy processor a worker that wakes up waits milliseconds before it runs: grant CAP_SYS_NICE"));
    }

    private void polling(Optional<DeviceInterrupts> uplink, List<String> ports) {
        List<DeviceInterrupts> devices = new ArrayList<>(uplink.stream().toList());
        ports.forEach(port -> DeviceInterrupts.of(sys, proc, port).ifPresent(devices::add));
        List<String> threaded = names(devices.stream().filter(DeviceInterrupts::isThreaded).toList());
        List<String> deferred = names(devices.stream()
            .filter(device -> device.deferredInterrupts() > 0 && device.flushNanos() > 0).toList());
        if (!threaded.isEmpty()) {
            findings.add(Finding.warn(POLLING, "polled by a kernel thread: " + list(threaded),
                "costs 16 % of a worker's throughput, and leaves an eighth when the thread runs on the worker's processor: "
                    + "echo 0 > /sys/class/net/DEVICE/threaded"));
        }
        if (!deferred.isEmpty()) {
            findings.add(Finding.warn(POLLING, "interrupts deferred: " + list(deferred),
                "frames wait for gro_flush_timeout, because workers do not busy-poll devices (deferring gains nothing on veths): "
                    + "echo 0 > /sys/class/net/DEVICE/napi_defer_hard_irqs"));
        }
        if (threaded.isEmpty() && deferred.isEmpty() && !devices.isEmpty()) {
            findings.add(Finding.ok(POLLING, devices.size() + " devices in softirq of the processor that sends"
                + uplink.filter(device -> !device.interruptCpus().isEmpty())
                    .map(device -> ", " + device.name() + " on " + CpuList.format(device.interruptCpus())).orElse("")));
        }
    }

    private static List<String> names(List<DeviceInterrupts> devices) {
        return devices.stream().map(DeviceInterrupts::name).toList();
    }

    private static String list(List<String> names) {
        String more = names.size() > MAX_NAMES ? " and " + (names.size() - MAX_NAMES) + " more" : "";
        return IntStream.range(0, Math.min(names.size(), MAX_NAMES)).mapToObj(names::get)
            .collect(Collectors.joining(", ")) + more;
    }
}
