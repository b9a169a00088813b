package io.weft.vmlab.traffic;

import io.weft.vmlab.net.NamespaceThread;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.ConcurrentHistogram;

/**
 * New TCP connections at a fixed rate from one pod to one address, each with one HTTP request. The rate does not fall when answers are late,
 * unless the number of requests under way is limited.
 */
public final class HttpLoad implements AutoCloseable {
    private static final long LONGEST_NANOS = 60_000_000_000L;

    /**
     * @param perBackend answers, by their body
     * @param failures requests without a good answer, by cause
     * @param latencyNanos of all requests, from the socket to the end of the answer
     * @param seconds from the first request to the last
     */
    public record Result(Map<String, Integer> perBackend, Map<String, Integer> failures,
        ConcurrentHistogram latencyNanos, double seconds) {
        public int answered() {
            return perBackend.values().stream().mapToInt(Integer::intValue).sum();
        }

        public int failed() {
            return failures.values().stream().mapToInt(Integer::intValue).sum();
        }

        @Override
        public String toString() {
            return "%d connections (%.0f/s), %d failed%s, 99 %% within %.1f ms, all within %.1f ms".formatted(
                answered() + failed(), (answered() + failed()) / seconds, failed(),
                failures.isEmpty() ? "" : " " + failures, latencyNanos.getValueAtPercentile(99) / 1e6,
                latencyNanos.getMaxValue() / 1e6);
        }
    }

    private final Map<String, Integer> answers = new TreeMap<>();
    private final Map<String, Integer> failures = new TreeMap<>();
    private final ConcurrentHistogram latency = new ConcurrentHistogram(LONGEST_NANOS, 3);
    private final ExecutorService requests = Executors.newVirtualThreadPerTaskExecutor();
    private final long startNanos = System.nanoTime();
    private final Semaphore places;
    private final Thread pace;
    private volatile boolean stopping;

    private HttpLoad(NamespaceThread client, InetSocketAddress target, String path, int perSecond, int maxUnderWay) {
        places = new Semaphore(maxUnderWay);
        pace = Thread.ofPlatform().daemon().name("http-load").unstarted(() -> send(client, target, path, perSecond));
    }

    /** @param path of the request; the answer's body should name the backend */
    public static HttpLoad start(NamespaceThread client, InetSocketAddress target, String path, int perSecond) {
        return start(client, target, path, perSecond, Integer.MAX_VALUE);
    }

    /**
     * @param path of the request; the answer's body should name the backend
     * @param maxUnderWay requests that wait for their answers at once, at most; with so many the next one waits for an answer, and the rate
     *     is that of the servers
     */
    public static HttpLoad start(NamespaceThread client, InetSocketAddress target, String path, int perSecond,
        int maxUnderWay) {
        HttpLoad load = new HttpLoad(client, target, path, perSecond, maxUnderWay);
        load.pace.start();
        return load;
    }

    private void send(NamespaceThread client, InetSocketAddress target, String path, int perSecond) {
        long interval = 1_000_000_000L / perSecond;
        long next = System.nanoTime();
        while (!stopping) {
            if (!places.tryAcquire()) {
                places.acquireUninterruptibly();
                next = System.nanoTime(); // what could not be sent in time is not made up for
            }
            requests.execute(() -> request(client, target, path));
            next += interval;
            LockSupport.parkNanos(next - System.nanoTime());
        }
    }

    private void request(NamespaceThread client, InetSocketAddress target, String path) {
        long start = System.nanoTime();
        HttpGet.Answer answer = HttpGet.get(client, target, path);
        places.release();
        latency.recordValue(Math.min(System.nanoTime() - start, LONGEST_NANOS));
        Map<String, Integer> into = answer.failure() == null ? answers : failures;
        synchronized (into) {
            into.merge(answer.failure() == null ? answer.body() : answer.failure(), 1, Integer::sum);
        }
    }

    /** Answers so far. */
    public int answered() {
        synchronized (answers) {
            return answers.values().stream().mapToInt(Integer::intValue).sum();
        }
    }

    /** Starts no more requests, and waits for those under way. */
    public Result finish() throws InterruptedException {
        stopping = true;
        pace.join();
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        requests.close();
        return new Result(answers, failures, latency, seconds);
    }

    /** Ends without waiting. */
    @Override
    public void close() {
        stopping = true;
        requests.shutdownNow();
    }
}
