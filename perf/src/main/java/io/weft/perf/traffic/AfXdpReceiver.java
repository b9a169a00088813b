package io.weft.perf.traffic;

import io.weft.encap.memory.Memory;
import io.weft.nativebindings.bpf.BpfMap;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.MappedMemory;
import io.weft.nativebindings.linux.Poll;
import io.weft.nativebindings.netlink.Channels;
import io.weft.nativebindings.netlink.Ethtool;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.xdp.FillRing;
import io.weft.nativebindings.xdp.RingSizes;
import io.weft.nativebindings.xdp.RxRing;
import io.weft.nativebindings.xdp.Umem;
import io.weft.nativebindings.xdp.XskSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * Receives test frames through AF_XDP on every queue of a device and classifies each as new, reordered or duplicate, and measures its
 * latency. Other frames pass to the kernel. Latency is the receipt time minus the time in the frame, at which it was due by the sender's
 * schedule. So if the sender or network stalls, all frames behind the stall count as late, not one (coordinated omission).
 */
public final class AfXdpReceiver implements AutoCloseable {
    private static final int FRAMES = 4096;
    private static final int CHUNK = 4096;
    private static final int BATCH = 64;
    private static final int POLL_MILLIS = 10;
    private static final long LATENCY_LIMIT_NANOS = 10_000_000_000L;
    private static final int DIGITS = 3;
    private static final long QUIET_NANOS = 200_000_000L;
    private static final int UDP_PORT_AT = 36;
    private static final int PAYLOAD_AT = 42;

    /** Looks at each test frame, on the receiver's thread, before its memory is used again. */
    @FunctionalInterface
    public interface Inspector {
        /**
         * @param frame address of the Ethernet header that arrived
         * @param inner the same, or behind the tunnel's headers
         */
        void inspect(long frame, long inner);
    }

    private final Expectation expectation;
    private final Inspector inspector;
    private final List<Queue> queues = new ArrayList<>();
    private final BpfMap sockets;
    private final XdpSink counter;
    private final SequenceTracker[] groups = new SequenceTracker[Flows.MAX_GROUPS];
    private final Histogram latency = new Histogram(1, LATENCY_LIMIT_NANOS, DIGITS);
    private final Thread thread;
    private volatile boolean stopping;

    private record Queue(XskSocket socket, MappedMemory memory) {
    }

    /** Starts to receive on {@code device} in the network namespace with that path. */
    public AfXdpReceiver(Path namespace, String device, Expectation expectation) {
        this(namespace, device, expectation, (_, _) -> {
        });
    }

    /** The same, and shows each test frame to {@code inspector}. */
    public AfXdpReceiver(Path namespace, String device, Expectation expectation, Inspector inspector) {
        this.expectation = expectation;
        this.inspector = inspector;
        int ifindex = LiveFrameGenerator.ifindex(namespace, device);
        int count = queueCount(namespace, device);
        sockets = BpfMap.xskMap("weft_receive", count);
        try {
            for (int queue = 0; queue < count; queue++) {
                int number = queue;
                queues.add(NetworkNamespace.call(namespace, () -> open(ifindex, number)));
                sockets.put(queue, queues.get(queue).socket);
            }
            counter = new XdpSink(namespace, device, expectation, sockets);
        } catch (LinuxException e) {
            closeQueues();
            throw e;
        }
        thread = Thread.ofPlatform().daemon().name("afxdp-receiver").start(this::receive);
    }

    private static int queueCount(Path namespace, String device) {
        try (Ethtool ethtool = Ethtool.openIn(namespace)) {
            return ethtool.channels(device).map(Channels::receiveQueues).orElse(1);
        }
    }

    private static Queue open(int ifindex, int queue) {
        MappedMemory memory = MappedMemory.anonymous((long) FRAMES * CHUNK, false);
        XskSocket socket = XskSocket.create();
        try {
            Umem.register(socket, memory, CHUNK, 0, false);
            socket.createRings(new RingSizes(FRAMES, BATCH, FRAMES, 0));
            socket.bind(ifindex, queue, XskSocket.XDP_USE_NEED_WAKEUP);
        } catch (LinuxException e) {
            socket.close();
            memory.close();
            throw e;
        }
        FillRing fill = socket.fill();
        int slots = fill.reserve(FRAMES);
        for (int slot = 0; slot < slots; slot++) {
            fill.put(slot, (long) slot * CHUNK);
        }
        fill.submit(slots);
        return new Queue(socket, memory);
    }

    private void receive() {
        Poll poll = new Poll(queues.size());
        for (int i = 0; i < queues.size(); i++) {
            poll.set(i, queues.get(i).socket.fd(), Poll.POLLIN);
        }
        while (!stopping) {
            boolean any = false;
            for (Queue queue : queues) {
                any |= receive(queue);
            }
            if (!any) { poll.poll(POLL_MILLIS); }
        }
    }

    private boolean receive(Queue queue) {
        RxRing rx = queue.socket.rx();
        int count = rx.peek(BATCH);
        if (count == 0) { return false; }
        long now = System.nanoTime();
        FillRing fill = queue.socket.fill();
        int slots = fill.reserve(count);
        for (int i = 0; i < count; i++) {
            long offset = rx.address(i);
            judge(queue.memory.address() + offset, now);
            if (i < slots) { fill.put(i, offset & -CHUNK); }
        }
        rx.release(count);
        fill.submit(slots);
        return true;
    }

    /** The XDP program has let only complete test frames through. */
    private void judge(long frame, long now) {
        long inner = frame;
        if (expectation.tunnelPort() != 0 && Memory.u16(frame + UDP_PORT_AT) == expectation.tunnelPort()) {
            inner += FrameTemplate.TUNNEL_LENGTH;
        }
        inspector.inspect(frame, inner);
        long payload = inner + PAYLOAD_AT;
        int group = Memory.u16(payload + ProbePayload.GROUP_OFFSET) & Flows.MAX_GROUPS - 1;
        SequenceTracker tracker = groups[group];
        if (tracker == null) {
            tracker = new SequenceTracker();
            groups[group] = tracker;
        }
        tracker.record(Memory.i32(payload + ProbePayload.SEQUENCE_OFFSET));
        long nanos = now - Memory.i64(payload + ProbePayload.TIME_OFFSET);
        latency.recordValue(Math.clamp(nanos, 0, LATENCY_LIMIT_NANOS));
    }

    /** Test frames that have reached the device. */
    public SinkCounts arrived() {
        return counter.counts();
    }

    /** Waits until nothing has arrived for a fifth of a second, ends the receiver and returns its results. */
    public ReceiveReport finish() throws InterruptedException {
        long last = -1;
        long since = System.nanoTime();
        while (System.nanoTime() - since < QUIET_NANOS) {
            long arrived = counter.counts().probes();
            if (arrived != last) {
                last = arrived;
                since = System.nanoTime();
            }
            Thread.sleep(POLL_MILLIS);
        }
        stopping = true;
        thread.join();
        long received = 0;
        long reordered = 0;
        long duplicated = 0;
        long missing = 0;
        for (SequenceTracker group : groups) {
            if (group != null) {
                received += group.received();
                reordered += group.reordered();
                duplicated += group.duplicated();
                missing += group.missing();
            }
        }
        long overrun = counter.counts().probes() - received - duplicated;
        return new ReceiveReport(received, reordered, duplicated, missing, overrun, latency);
    }

    @Override
    public void close() {
        stopping = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        counter.close();
        closeQueues();
    }

    private void closeQueues() {
        for (Queue queue : queues) {
            queue.socket.close();
            queue.memory.close();
        }
        sockets.close();
    }
}
