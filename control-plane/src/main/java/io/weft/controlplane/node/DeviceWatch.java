package io.weft.controlplane.node;

import io.weft.nativebindings.linux.Poll;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.RtnetlinkMonitor;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Tells the names of the node's devices, at first and whenever one comes or goes. One thread of its own. */
final class DeviceWatch implements AutoCloseable {
    private static final int WAKE_MS = 500;

    private final Set<String> names = new HashSet<>();
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
        listener.accept(Set.copyOf(names));
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
                    listener.accept(Set.copyOf(names));
                }
            }
        }
    }

    private void readAll() {
        names.clear();
        names.addAll(rtnetlink.links().stream().map(Link::name).collect(Collectors.toSet()));
    }

    private final class Changes implements RtnetlinkMonitor.Listener {
        @Override
        public void linkChanged(Link link) {
            changed |= names.add(link.name());
        }

        @Override
        public void linkRemoved(Link link) {
            changed |= names.remove(link.name());
        }

        @Override
        public void overrun() {
            readAll();
            changed = true;
        }
    }
}
