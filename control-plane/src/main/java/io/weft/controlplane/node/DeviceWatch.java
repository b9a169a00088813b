package io.weft.controlplane.node;

import io.weft.nativebindings.linux.Poll;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.RtnetlinkMonitor;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** Tells the names of the node's devices, at first and whenever one comes, goes or is renamed. One thread of its own. */
final class DeviceWatch implements AutoCloseable {
    private static final int WAKE_MS = 500;

    /** By index, because a device that is renamed keeps that alone. */
    private final Map<Integer, String> names = new HashMap<>();
    private final Consumer<Set<String>> listener;
    private final Rtnetlink rtnetlink;
    private final RtnetlinkMonitor monitor;
    private final Thread thread;
    private volatile boolean closed;
    private boolean changed;

    /** In the calling thread's network namespace. */
    DeviceWatch(Consumer<Set<String>> listener) {
        this.listener = listener;
        monitor = RtnetlinkMonitor.open(RtnetlinkMonitor.Group.LINK);
        rtnetlink = Rtnetlink.open();
        thread = Thread.ofPlatform().name("devices").daemon().unstarted(this::run);
    }

    void start() {
        readAll();
        listener.accept(Set.copyOf(names.values()));
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
        monitor.close();
        rtnetlink.close();
    }

    private void run() {
        Poll poll = new Poll(1);
        poll.set(0, monitor.fd(), Poll.POLLIN);
        while (!closed) {
            if (poll.poll(WAKE_MS) > 0) {
                monitor.drain(new Changes());
                if (changed) {
                    changed = false;
                    listener.accept(Set.copyOf(names.values()));
                }
            }
        }
    }

    private void readAll() {
        names.clear();
        rtnetlink.links().forEach(link -> names.put(link.index(), link.name()));
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
        public void overrun() {
            readAll();
            changed = true;
        }
    }
}
