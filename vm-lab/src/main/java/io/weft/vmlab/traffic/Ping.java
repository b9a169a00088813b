package io.weft.vmlab.traffic;

import io.weft.vmlab.net.NamespaceThread;
import java.net.InetAddress;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** ICMP echo (RFC 792), as ping(8) does it: requests at a steady pace, answers told by identifier and sequence number. */
public final class Ping {
    private static final long GAP_NS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long LAST_WAIT_NS = TimeUnit.SECONDS.toNanos(2);

    private final IcmpSocket socket;
    private final long[] sentNs;
    private final boolean[] answered;
    private final Histogram roundTripNs = new Histogram(3_000_000_000L, 3);
    private int received;
    private String trouble = "";

    private Ping(IcmpSocket socket, int count) {
        this.socket = socket;
        sentNs = new long[count];
        answered = new boolean[count];
    }

    /**
     * @param roundTripNs nanoseconds
     * @param output for people: the counts, and the last error of a request that could not be sent
     */
    public record Result(int sent, int received, Histogram roundTripNs, String output) {}

    /** Sends {@code count} echo requests, 10 ms apart, and waits at most 2 s for the last answer. */
    public static Result run(NamespaceThread from, InetAddress target, int count) throws Exception {
        try (IcmpSocket socket = from.call(() -> IcmpSocket.open(target))) {
            return new Ping(socket, count).run();
        }
    }

    private Result run() {
        for (int sequence = 0; sequence < sentNs.length; sequence++) {
            sentNs[sequence] = System.nanoTime();
            String error = socket.sendEcho(sequence);
            trouble = error.isEmpty() ? trouble : ", " + error;
            boolean last = sequence == sentNs.length - 1;
            receiveUntil(sentNs[sequence] + (last ? LAST_WAIT_NS : GAP_NS), last);
        }
        String output = sentNs.length + " sent, " + received + " answered" + trouble;
        return new Result(sentNs.length, received, roundTripNs, output);
    }

    private void receiveUntil(long endNs, boolean orAllAnswered) {
        while (!(orAllAnswered && received == sentNs.length)) {
            int sequence = socket.receiveReply(endNs);
            if (sequence < 0) { return; }
            if (sequence < answered.length && !answered[sequence]) {
                answered[sequence] = true;
                received++;
                roundTripNs.recordValue(
                    Math.min(System.nanoTime() - sentNs[sequence], roundTripNs.getHighestTrackableValue()));
            }
        }
    }
}
