package io.weft.controlplane.healthcheck;

import io.weft.controlplane.status.Failures;
import io.weft.encap.address.IpAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens on the {@code healthCheckNodePort} of each Service that has one, as kube-proxy does (Kubernetes,
 * {@code pkg/proxy/healthcheck/service_health.go}). A listener costs a virtual thread, a connection another; the JDK's own HTTP server would cost
 * two threads for each Service. All connections together are bounded, and so is the time that each may take.
 *
 * <p>A port that cannot be bound is a problem for {@link #problems}, and is tried again every second. Sockets are opened in the network
 * namespace of the threads that construct this object and call {@link #update}.
 *
 * <p>Threads: any; calls exclude each other.
 */
public final class HealthCheckServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HealthCheckServer.class);
    private static final int MAX_CONNECTIONS = 512;
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final BooleanSupplier healthy;
    private final Runnable changed;
    private final Failures failures;
    private final Semaphore connections = new Semaphore(MAX_CONNECTIONS);
    private final Map<InetSocketAddress, HealthCheckListener> listeners = new HashMap<>();
    /** Wanted, but not bound: what is wrong, by address. */
    private final Map<InetSocketAddress, String> refused = new TreeMap<>(
        Comparator.comparing(InetSocketAddress::toString));
    private final Thread retries;
    private Map<InetSocketAddress, HealthCheckNodePort> wanted = Map.of();
    private List<String> conflicts = List.of();
    private boolean closed;

    /**
     * @param healthy whether a dataplane uses the tables, so that traffic for this node's endpoints arrives; called for each request
     * @param changed called after {@link #problems} has changed
     */
    public HealthCheckServer(BooleanSupplier healthy, Runnable changed, Failures failures) {
        this.healthy = healthy;
        this.changed = changed;
        this.failures = failures;
        retries = Thread.ofPlatform().name("health-check-retry").daemon().start(this::retry);
    }

    /** Listens for these Services and no others. Connections of the others are closed; those of the same port and Service live on. */
    public void update(Collection<HealthCheckNodePort> services) {
        boolean different;
        synchronized (this) {
            if (closed) { return; }
            List<String> before = problems();
            wanted = byAddress(services);
            refused.keySet().retainAll(wanted.keySet());
            listeners.entrySet().removeIf(entry -> {
                boolean gone = !wanted.containsKey(entry.getKey());
                if (gone) {
                    entry.getValue().close();
                }
                return gone;
            });
            wanted.forEach(this::serve);
            different = !before.equals(problems());
        }
        LockSupport.unpark(retries);
        if (different) {
            changed.run();
        }
    }

    /** What is not served, one line each. */
    public synchronized List<String> problems() {
        List<String> problems = new ArrayList<>(conflicts);
        problems.addAll(refused.values());
        return problems;
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            listeners.values().forEach(HealthCheckListener::close);
            listeners.clear();
        }
        retries.interrupt();
    }

    private Map<InetSocketAddress, HealthCheckNodePort> byAddress(Collection<HealthCheckNodePort> services) {
        Map<InetSocketAddress, HealthCheckNodePort> all = new HashMap<>();
        List<String> found = new ArrayList<>();
        services.stream().sorted(Comparator.comparing(HealthCheckNodePort::service)).forEach(service -> {
            for (IpAddress address : service.addresses()) {
                HealthCheckNodePort other = all.putIfAbsent(socketAddress(address, service.port()), service);
                if (other != null && !other.service().equals(service.service())) {
                    found.add("Service " + service.service() + ": healthCheckNodePort " + service.port()
                        + " is that of Service " + other.service());
                }
            }
        });
        conflicts = found.stream().distinct().toList();
        return all;
    }

    private static InetSocketAddress socketAddress(IpAddress address, int port) {
        try {
            return new InetSocketAddress(InetAddress.getByName(address.toString()), port);
        } catch (IOException e) {
            throw new IllegalArgumentException("address " + address + " cannot be read back", e);
        }
    }

    private void serve(InetSocketAddress address, HealthCheckNodePort service) {
        HealthCheckListener listener = listeners.get(address);
        if (listener != null) {
            listener.answerFor(service);
            return;
        }
        try {
            listeners.put(address, HealthCheckListener.open(address, service, healthy, connections, failures));
            if (refused.remove(address) != null) {
                LOG.info("Service {}: healthCheckNodePort is now served on {}", service.service(), text(address));
            }
        } catch (IOException e) {
            String problem = "Service " + service.service() + ": healthCheckNodePort cannot be served on "
                + text(address) + ": " + e.getMessage();
            if (!problem.equals(refused.put(address, problem))) {
                LOG.warn(problem);
            }
        }
    }

    private static String text(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }

    private void retry() {
        while (!Thread.interrupted()) {
            LockSupport.parkNanos(this, RETRY_NANOS);
            boolean different;
            synchronized (this) {
                if (closed) { return; }
                List<InetSocketAddress> again = List.copyOf(refused.keySet());
                again.forEach(address -> serve(address, wanted.get(address)));
                different = again.size() != refused.size();
            }
            if (different) {
                changed.run();
            }
        }
    }
}
