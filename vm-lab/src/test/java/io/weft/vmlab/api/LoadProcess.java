package io.weft.vmlab.api;

import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.api.SlowClients.Habit;
import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Load in a process of its own, until its standard input ends: clients that abuse a node's API, or a loop that takes as much processor time in as
 * many pieces and does nothing with it.
 */
final class LoadProcess implements AutoCloseable {
    private static final String ABUSE = "abuse";
    private static final String BURN = "burn";
    private static final int SLOW_CLIENTS = 200;
    private static final int BUSY_CLIENTS = 2;
    private static final long PAUSE_NANOS = 10_000_000;
    private static final String SWITCHES = "voluntary_ctxt_switches:";
    private final Process process;

    /** What a process has taken: processor time, and how often one of its threads has begun to wait, and later woke up. */
    record Taken(Duration processorTime, long waits) {
        /** Of threads that have ended, the waits do not count. */
        static Taken by(ProcessHandle process) throws IOException {
            long waits = 0;
            try (DirectoryStream<Path> threads = Files.newDirectoryStream(
                Path.of("/proc", Long.toString(process.pid()), "task"))) {
                for (Path thread : threads) {
                    waits += waits(thread.resolve("status"));
                }
            }
            return new Taken(process.info().totalCpuDuration().orElse(Duration.ZERO), waits);
        }

        private static long waits(Path status) throws IOException {
            try {
                return Files.readAllLines(status).stream().filter(line -> line.startsWith(SWITCHES))
                    .mapToLong(line -> Long.parseLong(line.substring(SWITCHES.length()).strip())).sum();
            } catch (NoSuchFileException e) {
                return 0; // the thread has just ended
            }
        }

        /** Per second. */
        Load since(Taken before, double seconds) {
            return new Load(processorTime.minus(before.processorTime).toMillis() / 1e3 / seconds,
                (waits - before.waits) / seconds);
        }
    }

    /**
     * How busy a process is.
     *
     * @param processors 1: one of them, all the time
     * @param waits a second
     */
    record Load(double processors, double waits) {
        @Override
        public String toString() {
            return "%.2f processors in %.0f pieces a second".formatted(processors, waits);
        }
    }

    private LoadProcess(int niceness, String... arguments) throws IOException {
        List<String> all = new ArrayList<>(List.of("--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-cp",
            System.getProperty("java.class.path"), LoadProcess.class.getName()));
        all.addAll(List.of(arguments));
        process = ExternalCommand.java(all).under("nice", "-n", Integer.toString(niceness)).builder()
            .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        if (process.getInputStream().read() < 0) { throw new IOException("the load did not start"); }
    }

    /** Clients at the TCP door of the node with this namespace. */
    static LoadProcess abusing(Path netns, ApiDoor door) throws IOException {
        return new LoadProcess(0, ABUSE, netns.toString(), door.token().strip());
    }

    static LoadProcess burning(Load load, int niceness) throws IOException {
        return new LoadProcess(niceness, BURN, Double.toString(load.processors), Double.toString(load.waits));
    }

    Taken taken() throws IOException {
        return Taken.by(process.toHandle());
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        process.onExit().join();
    }

    // -- in the process ----------------------------------------------------------------------------------------------

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals(ABUSE)) {
            abuse(Path.of(arguments[1]), arguments[2] + "\r\n");
        } else {
            burn(new Load(Double.parseDouble(arguments[1]), Double.parseDouble(arguments[2])));
        }
        System.out.println("ready");
        while (System.in.read() >= 0) {
            // until the end
        }
        Runtime.getRuntime().halt(0);
    }

    private static void abuse(Path netns, String token) {
        ApiDoor door = ApiDoor.tcp(new NamespaceThread(netns), token);
        List<String> requests = List.of(
            "GET /api/v1/node HTTP/1.1\r\nHost: weft\r\nAuthorization: Bearer no\r\nConnection: close\r\n\r\n",
            door.head("GET", "/../../etc/passwd") + "\r\n",
            door.head("GET", "/livez") + "X: y\r\n".repeat(10_000) + "\r\n",
            door.head("PUT", "/api/v1/log-level") + "Content-Length: 1073741824\r\n\r\n" + " ".repeat(1 << 16),
            door.head("PUT", "/api/v1/log-level") + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
            door.head("GET", "/api/v1/openapi.json") + "Connection: close\r\n\r\n",
            door.head("GET", "/api/v1/flows?limit=5000") + "Connection: close\r\n\r\n");
        for (int i = 0; i < BUSY_CLIENTS; i++) {
            Thread.ofPlatform().daemon().start(() -> forEver(() -> {
                for (String request : requests) {
                    door.exchange(request);
                }
            }));
        }
        Thread.ofPlatform().daemon().start(() -> forEver(() -> {
            try (SlowClients clients = new SlowClients(door)) {
                clients.add(Habit.HEADERS, SLOW_CLIENTS / 2);
                clients.add(Habit.UNREAD_ANSWERS, SLOW_CLIENTS / 2);
                for (int i = 0; i < 50; i++) {
                    clients.step();
                    Thread.sleep(100);
                }
            }
        }));
    }

    /** Work that may fail. */
    private interface Task {
        void run() throws Exception;
    }

    private static void forEver(Task task) {
        while (true) {
            try {
                task.run();
            } catch (Exception e) {
                LockSupport.parkNanos(PAUSE_NANOS); // no room for a connection
            }
        }
    }

    private static void burn(Load load) {
        int threads = (int) Math.ceil(load.processors);
        if (threads == 0) { return; }
        long periodNanos = (long) (1e9 * threads / Math.max(1, load.waits));
        long busyNanos = (long) (periodNanos * load.processors / threads);
        for (int i = 0; i < threads; i++) {
            Thread.ofPlatform().daemon().start(() -> {
                for (long next = System.nanoTime();; next += periodNanos) {
                    while (System.nanoTime() - next < busyNanos) {
                        Thread.onSpinWait();
                    }
                    LockSupport.parkNanos(next + periodNanos - System.nanoTime());
                }
            });
        }
    }
}
