package io.weft.vmlab.traffic;

import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.HdrHistogram.ConcurrentHistogram;

/** Many HTTP requests, each on a TCP connection of its own, from one pod to one address. */
public final class HttpBurst {
    /**
     * @param perBackend answers, by the name in the body
     * @param failures requests without a good answer, by cause
     * @param latencyNanos connect to last byte, nanoseconds
     */
    public record Result(Map<String, Integer> perBackend, Map<String, Integer> failures,
        ConcurrentHistogram latencyNanos) {
        /** Largest deviation of a backend's share from the even one, as a fraction of the even share. */
        public double unevenness(int backends) {
            int total = perBackend.values().stream().mapToInt(Integer::intValue).sum();
            double even = (double) total / backends;
            double worst = perBackend.size() < backends ? 1 : 0;
            for (int count : perBackend.values()) {
                worst = Math.max(worst, Math.abs(count - even) / even);
            }
            return worst;
        }
    }

    /** Maximum number of failures; each may have taken its whole timeout. */
    private static final int FAILURES_TO_GIVE_UP = 16;
    private final AtomicInteger done = new AtomicInteger();

    /** Requests finished so far, good or bad. */
    public int finished() {
        return done.get();
    }

    /** Sends {@code requests} requests, {@code parallel} at a time; gives up after 16 failures. */
    public Result run(NamespaceThread client, InetSocketAddress target, int requests, int parallel) throws Exception {
        Map<String, Integer> answers = new TreeMap<>();
        Map<String, Integer> failures = new TreeMap<>();
        ConcurrentHistogram latency = new ConcurrentHistogram(60_000_000_000L, 3);
        AtomicInteger left = new AtomicInteger(requests);
        try (ExecutorService threads = Executors.newFixedThreadPool(parallel,
            Thread.ofPlatform().daemon().name("http-", 0).factory())) {
            List<Future<?>> workers = new ArrayList<>();
            for (int i = 0; i < parallel; i++) {
                workers.add(threads.submit(() -> {
                    while (left.getAndDecrement() > 0) {
                        long start = System.nanoTime();
                        if (count(HttpGet.get(client, target, "/"), answers, failures) >= FAILURES_TO_GIVE_UP) {
                            left.set(0);
                        }
                        latency.recordValue(Math.min(System.nanoTime() - start, 60_000_000_000L));
                        done.incrementAndGet();
                    }
                }));
            }
            for (Future<?> worker : workers) {
                await(worker);
            }
        }
        return new Result(answers, failures, latency);
    }

    private static void await(Future<?> worker) throws Exception {
        try {
            worker.get();
        } catch (ExecutionException e) {
            throw new IOException("a client thread ended", e.getCause());
        }
    }

    /** @return failures so far, if this was one */
    private static int count(HttpGet.Answer answer, Map<String, Integer> answers, Map<String, Integer> failures) {
        boolean good = answer.failure() == null;
        Map<String, Integer> into = good ? answers : failures;
        synchronized (into) {
            into.merge(good ? answer.body() : answer.failure(), 1, Integer::sum);
            return good ? 0 : into.values().stream().mapToInt(Integer::intValue).sum();
        }
    }
}
