package io.weft.controlplane.process;

import io.weft.controlplane.status.Failures;
import io.weft.encap.address.IpAddress;
import io.weft.nativebindings.linux.Poll;
import io.weft.nativebindings.netlink.Address;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.RtnetlinkMonitor;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Reports the names of the node's devices and their IPv4 addresses: at the start, whenever they change, and every ten seconds, so that a
 * listener that failed learns of them as well. One thread of its own, which no failure ends.
 */
final class DeviceWatch implements AutoCloseable {
    private static final int WAKE_MILLIS = 500;
    private static final long REREAD_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** By index, because only the index of a renamed device stays. */
    private final Map<Integer, String> names = new HashMap<>();
    private final Consumer<Set<String>> listener;
    private final Consumer<Set<IpAddress>> addressListener;
    private final Failures failures;
    private final Thread thread;
    private volatile boolean closed;
    private Set<IpAddress> addresses = Set.of();
    private boolean changed;
    private boolean addressesChanged;

    /**
     * @param listener receives the names of all devices
     * @param addressListener receives the addresses of all devices
     * @param failures counts unexpected failures
     */
    DeviceWatch(Consumer<Set<String>> listener, Consumer<Set<IpAddress>> addressListener, Failures failures) {
        this.listener = listener;
        this.addressListener = addressListener;
        this.failures = failures;
        thread = Thread.ofPlatform().name("devices").daemon().unstarted(this::run);
    }

    /** In the calling thread's network namespace, which its new threads share. */
    void start() {
        readAll();
        listener.accept(Set.copyOf(names.values()));
        addressListener.accept(addresses);
        thread.start();
    }

    @Override
    public void close() {
        closed = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Follows until closed; after a failure with a new socket, and reads everything again. */
    private void run() {
        while (!closed) {
            try (RtnetlinkMonitor monitor = RtnetlinkMonitor.open(RtnetlinkMonitor.Group.LINK,
                RtnetlinkMonitor.Group.ADDRESS)) {
                follow(monitor);
            } catch (RuntimeException | Error e) {
                failures.add("device watch", e);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(WAKE_MILLIS));
            }
        }
    }

    private void follow(RtnetlinkMonitor monitor) {
        Poll poll = new Poll(1);
        poll.set(0, monitor.fd(), Poll.POLLIN);
        long lastRead = System.nanoTime() - REREAD_NANOS;
        while (!closed) {
            if (System.nanoTime() - lastRead >= REREAD_NANOS) { // finds what was missed or could not be followed
                lastRead = System.nanoTime();
                readAll();
                changed = true;
                addressesChanged = true;
            }
            if (changed) {
                changed = false;
                listener.accept(Set.copyOf(names.values()));
            }
            if (addressesChanged) {
                addressesChanged = false;
                readAddresses();
                addressListener.accept(addresses);
            }
            if (poll.poll(WAKE_MILLIS) > 0) {
                monitor.drain(new Changes());
            }
        }
    }

    private void readAll() {
        names.clear();
        try (Rtnetlink rtnetlink = Rtnetlink.open()) {
            rtnetlink.links().forEach(link -> names.put(link.index(), link.name()));
        }
        readAddresses();
    }

    private void readAddresses() {
        try (Rtnetlink rtnetlink = Rtnetlink.open()) {
            addresses = rtnetlink.addresses().stream().map(address -> IpAddress.ipv4(address.ip()))
                .collect(Collectors.toUnmodifiableSet());
        }
    }

    private final class Changes implements RtnetlinkMonitor.Listener {
        @Override
        public void linkChanged(Link link) {
            changed |= !link.name().equals(names.put(link.index(), link.name()));
        }

        @Override
        public void linkRemoved(Link link) {
            changed |= names.remove(link.index()) != null;
        }

        @Override
        public void addressAdded(Address address) {
            addressesChanged = true;
        }

        @Override
        public void addressRemoved(Address address) {
            addressesChanged = true;
        }

        @Override
        public void overrun() {
            readAll();
            changed = true;
            addressesChanged = true;
        }
    }
}
