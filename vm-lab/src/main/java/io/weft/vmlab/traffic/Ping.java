package io.weft.vmlab.traffic;

import io.weft.vmlab.net.NamespaceThread;
import java.net.InetAddress;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** ICMP echo (RFC 792), like ping(8): requests at a steady pace, answers matched by identifier and sequence number. */
public final class Ping {
    private static final long GAP_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long LAST_WAIT_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final IcmpSocket socket;
    private final long[] sentNanos;
    private final boolean[] answered;
    private final Histogram roundTripNanos = new Histogram(3_000_000_000L, 3);
    private int received;
    private String fault = "";

    private Ping(IcmpSocket socket, int count) {
        this.socket = socket;
        sentNanos = new long[count];
        answered = new boolean[count];
    }

    /**
     * @param roundTripNanos nanoseconds
     * @param output the counts as text, and the last error of a request that could not be sent
     */
    public record Result(int sent, int received, Histogram roundTripNanos, String output) {}

    /** Sends {@code count} echo requests, 10 ms apart, and waits at most 2 s for the last answer. */
    public static Result run(NamespaceThread from, InetAddress target, int count) throws Exception {
        try (IcmpSocket socket = from.call(() -> IcmpSocket.open(target))) {
            return new Ping(socket, count).run();
        }
    }

    private Result run() {
        for (int sequence = 0; sequence < sentNanos.length; sequence++) {
            sentNanos[sequence] = System.nanoTime();
            String error = socket.sendEcho(sequence);
            fault = error.isEmpty() ? fault : ", " + error;
            boolean last = sequence == sentNanos.length - 1;
            receiveUntil(sentNanos[sequence] + (last ? LAST_WAIT_NANOS : GAP_NANOS), last);
        }
        String output = sentNanos.length + " sent, " + received + " answered" + fault;
        return new Result(sentNanos.length, received, roundTripNanos, output);
    }

    private void receiveUntil(long endNanos, boolean orAllAnswered) {
        while (!(orAllAnswered && received == sentNanos.length)) {
            int sequence = socket.receiveReply(endNanos);
            if (sequence < 0) { return; }
            if (sequence < answered.length && !answered[sequence]) {
                answered[sequence] = true;
                received++;
                roundTripNanos.recordValue(
                    Math.min(System.nanoTime() - sentNanos[sequence], roundTripNanos.getHighestTrackableValue()));
            }
        }
    }
}
