package io.weft.perf.micro;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Two workers of one node, each on a processor of its own, alone and at the same time. */
final class WorkerPair implements AutoCloseable {
    private final List<Meter> meters = new ArrayList<>();
    private final List<ExecutorService> threads = new ArrayList<>();

    /** ns per packet: each worker alone, then both together. */
    record Round(double firstAlone, double secondAlone, double firstTogether, double secondTogether) {
        /** Packets per second of the first alone, in millions. */
        double oneRate() {
            return 1000 / firstAlone;
        }

        double twoRate() {
            return 1000 / firstTogether + 1000 / secondTogether;
        }

        /** Throughput of both together over the mean of each alone; 2 if neither slows the other down. */
        double ratio() {
            return twoRate() / ((oneRate() + 1000 / secondAlone) / 2);
        }
    }

    private WorkerPair(GraphWorld world) {
        for (int i = 0; i < world.lanes().size(); i++) {
            int processor = i;
            meters.add(new Meter(world.lanes().get(i)));
            threads.add(Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("worker-" + i).factory()));
            get(threads.get(i).submit(() -> Processors.pinTo(processor)));
        }
    }

    static List<Round> measure(MicroTask task) {
        try (GraphWorld world = new GraphWorld(plans(task), null); WorkerPair pair = new WorkerPair(world)) {
            pair.together(task.warmUpNanos());
            List<Round> rounds = new ArrayList<>();
            for (int round = 0; round < task.rounds(); round++) {
                double first = pair.alone(0, task.nanos());
                double second = pair.alone(1, task.nanos());
                double[] both = pair.together(task.nanos());
                rounds.add(new Round(first, second, both[0], both[1]));
            }
            world.check();
            return rounds;
        }
    }

    private static List<GraphWorld.Plan> plans(MicroTask task) {
        GraphWorld.Plan first = new GraphWorld.Plan(TrafficCase.CLUSTERIP, 0, task.flows(), task.batch());
        return switch (task.kind()) {
            case BOTH_DIRECTIONS ->
                List.of(first, new GraphWorld.Plan(TrafficCase.CLUSTERIP_REPLY, 0, task.flows(), task.batch()));
            case SAME_FLOWS -> List.of(first, first);
            default ->
                List.of(first, new GraphWorld.Plan(TrafficCase.CLUSTERIP, task.flows(), task.flows(), task.batch()));
        };
    }

    private double alone(int worker, long nanos) {
        return get(threads.get(worker).submit(() -> meters.get(worker).run(nanos))).nsPerPacket();
    }

    /** Starts each when both are ready. */
    private double[] together(long nanos) {
        CountDownLatch ready = new CountDownLatch(meters.size());
        List<Future<Meter.Cost>> costs = new ArrayList<>();
        for (int i = 0; i < meters.size(); i++) {
            Meter meter = meters.get(i);
            Callable<Meter.Cost> run = () -> {
                ready.countDown();
                while (ready.getCount() > 0) {
                    Thread.onSpinWait();
                }
                return meter.run(nanos);
            };
            costs.add(threads.get(i).submit(run));
        }
        return costs.stream().mapToDouble(cost -> get(cost).nsPerPacket()).toArray();
    }

    private static <T> T get(Future<T> result) {
        try {
            return result.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a worker failed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    @Override
    public void close() {
        threads.forEach(ExecutorService::close);
    }
}
