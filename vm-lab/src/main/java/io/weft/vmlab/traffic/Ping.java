package io.weft.vmlab.traffic;

import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;

/** ICMP echo by the system's {@code ping}. */
public final class Ping {
    private static final Pattern TIME = Pattern.compile("icmp_seq=\\d+ ttl=\\d+ time=([0-9.]+) ms");

    private Ping() {}

    /** @param roundTripNs nanoseconds, as ping printed them */
    public record Result(int sent, int received, Histogram roundTripNs, String output) {}

    /** Sends {@code count} echo requests, 10 ms apart, and waits at most 2 s for the last answer. */
    public static Result run(NamespaceThread from, InetAddress target, int count) throws Exception {
        Process ping = from.call(() -> new ProcessBuilder(
            "ping", "-n", "-c", Integer.toString(count), "-i", "0.01", "-W", "2", target.getHostAddress())
            .redirectErrorStream(true)
            .start());
        String output = new String(ping.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        ping.waitFor();
        Histogram roundTrip = new Histogram(3_000_000_000L, 3);
        Matcher matcher = TIME.matcher(output);
        int received = 0;
        while (matcher.find()) {
            received++;
            roundTrip.recordValue((long) (Double.parseDouble(matcher.group(1)) * 1e6));
        }
        if (received == 0 && output.isBlank()) { throw new IOException("ping printed nothing"); }
        return new Result(count, received, roundTrip, output);
    }
}
