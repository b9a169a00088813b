package io.weft.perf.lab;

import io.weft.vmlab.lab.LabPlan;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** Keeps the control planes of a lab compiling: rewrites one file of many Services and their endpoints, each time with other ports. */
final class ServiceChurn {
    private static final String FILE = "service-churn.yaml";
    private static final int VERSIONS = 2;
    private static final int FIRST_PORT = 10_000;
    private static final long PERIOD_NANOS = 1_000_000_000;

    private final Path directory;
    private final List<byte[]> versions = new ArrayList<>();
    private int next;

    ServiceChurn(LabPlan plan, int services) {
        directory = plan.manifests();
        for (int version = 0; version < VERSIONS; version++) {
            versions.add(text(services, FIRST_PORT + version).getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Changes the file once a second until it is closed, which removes the file. */
    final class Running implements AutoCloseable {
        private volatile boolean stopping; // an interrupt would abort a write
        private final Thread thread = Thread.ofPlatform().name("service-churn").start(this::run);

        private void run() {
            try {
                while (!stopping) {
                    change();
                    LockSupport.parkNanos(PERIOD_NANOS);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() throws IOException, InterruptedException {
            stopping = true;
            LockSupport.unpark(thread);
            thread.join();
            Files.deleteIfExists(directory.resolve(FILE));
        }
    }

    /** So that the control planes always have a file to read and compile. */
    Running start() {
        return new Running();
    }

    /** Writes the file again; every Service changes. */
    private void change() throws IOException {
        Path written = Files.createTempFile(directory, FILE, ".new");
        Files.write(written, versions.get(next));
        Files.move(written, directory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
        next = (next + 1) % VERSIONS;
    }

    private static String text(int services, int target) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < services; i++) {
            text.append(
                """
                    apiVersion: v1
                    kind: Service
                    metadata: {name: churn-%1$d, namespace: default}
                    spec: {type: ClusterIP, clusterIP: 10.96.%2$d.%3$d, clusterIPs: [10.96.%2$d.%3$d], ports: [{name: p, protocol: TCP, port: 80, targetPort: %4$d}]}
                    ---
                    apiVersion: discovery.k8s.io/v1
                    kind: EndpointSlice
                    metadata: {name: churn-%1$d-1, namespace: default, labels: {kubernetes.io/service-name: churn-%1$d}}
                    addressType: IPv4
                    endpoints: [{addresses: [10.244.1.250], nodeName: n1, conditions: {ready: true, serving: true, terminating: false}}]
                    ports: [{name: p, protocol: TCP, port: %4$d}]
                    ---
                    """
                    .formatted(i, 100 + i / 250, 1 + i % 250, target));
        }
        return text.toString();
    }
}
