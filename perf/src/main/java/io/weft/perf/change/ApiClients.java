package io.weft.perf.change;

import io.weft.nativebindings.process.ExternalCommand;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A process whose clients write the objects of a {@link BenchCluster} to an API server. It is a process of its own, because the control loop
 * that is measured is in this one, and shares heap and collector with everything in it. Both have the same cluster and change it in the same order.
 *
 * <p>Thread: one.
 */
final class ApiClients implements AutoCloseable {
    /** What the process is told: create all objects, make the next change. It answers each with the same byte once the server has. */
    static final int CREATE = 'a';
    static final int CHANGE = 'c';
    /** Requests at once: as many as keep the server busy. */
    static final int REQUESTS = 16;

    private static final List<String> FLAGS = List.of("-XX:+UseSerialGC", "-Xmx256m", "-XX:-UsePerfData");
    private static final long END_SECONDS = 30;

    private final Process process;
    private final OutputStream requests;
    private final InputStream answers;

    /** @param settings of the node; they say where the API server is */
    ApiClients(BenchCluster cluster, Map<String, String> settings) throws IOException {
        ExternalCommand java = ExternalCommand
            .java(ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> flag.startsWith("--")).toList())
            .with(FLAGS).with("-cp", System.getProperty("java.class.path"), ApiClientsMain.class.getName(),
                Integer.toString(cluster.services()), Integer.toString(cluster.endpoints()),
                Integer.toString(cluster.nodes()))
            .with(settings.entrySet().stream().map(setting -> setting.getKey() + "=" + setting.getValue()).toList());
        process = java.builder().redirectError(ProcessBuilder.Redirect.INHERIT).start();
        requests = process.getOutputStream();
        answers = process.getInputStream();
    }

    /** Creates all objects. */
    void createAll() throws IOException {
        send(CREATE);
        receive(CREATE);
    }

    /**
     * Makes changes, as fast as the server answers.
     *
     * @param cluster whose changes they are; the process makes the same ones
     * @param observer called right before each
     * @return their number
     */
    long change(BenchCluster cluster, int seconds, Consumer<BenchCluster.Change> observer) throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        long sent = 0;
        long answered = 0;
        while (System.nanoTime() - end < 0) {
            if (sent - answered == REQUESTS) {
                receive(CHANGE);
                answered++;
            }
            observer.accept(cluster.next());
            send(CHANGE);
            sent++;
        }
        for (; answered < sent; answered++) {
            receive(CHANGE);
        }
        return sent;
    }

    private void send(int request) throws IOException {
        requests.write(request);
        requests.flush();
    }

    private void receive(int expected) throws IOException {
        if (answers.read() != expected) {
            throw new IOException("the API server's clients have failed: their error is above");
        }
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }
}
