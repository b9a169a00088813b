package io.weft.dataplane.warmup;

import static io.weft.dataplane.warmup.Scene.*;

import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterSizing;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.port.Device;
import io.weft.dataplane.port.DeviceDriver;
import io.weft.dataplane.port.FrameMemory;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.port.WorkerMemory;
import io.weft.dataplane.worker.Epochs;
import io.weft.dataplane.worker.Worker;
import io.weft.encap.packet.TcpHeader;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * Lets a worker forward frames between two real veths before the first real frame, so that its loop, the rings and the system calls around
 * them are compiled too. The veths are in an anonymous network namespace, which disappears with the sockets, however the process ends.
 *
 * <p>Cold code, apart from the code it warms. Thread: one of its own, and the worker's.
 */
final class LoopWarmUp implements AutoCloseable {
    private static final int CHUNKS = 1024;
    private static final int MAX_BURST = 32;
    private static final int FLOWS = 64;
    private static final int FIRST_PORT = 20_000;
    private static final long ADOPT_NANOS = 1_000_000_000;
    /** Sometimes the worker falls asleep and is woken, as on an idle node. */
    private static final int ROUNDS_A_REST = 16;
    private static final long REST_NANOS = 150_000;
    /** Sometimes it is assigned its ports again, as when a pod is added. */
    private static final int ROUNDS_AN_ASSIGNMENT = 256;

    private final Deque<AutoCloseable> resources = new ArrayDeque<>();
    private final Epochs epochs = new Epochs(1);
    private final DeviceDriver driver;
    private final Worker worker;
    private final Thread thread;
    private final FramePool pool;
    private final List<Port> nodePorts;
    private final Port podA;
    private final Port podB;
    private final FrameBatch batch = new FrameBatch();
    private final FrameList all = new FrameList();
    private long received;

    private LoopWarmUp(Scene scene, ChunkLayout layout, Supplier<DeviceDriver> drivers) {
        driver = keep(drivers.get());
        CounterFile podCounters = keep(CounterFile.inMemory(new CounterSizing(1, POD_B.id() + 1, 1)));
        FrameMemory podFrames = keep(FrameMemory.allocate(CHUNKS, layout));
        pool = podFrames.pool();
        worker = new Worker(0, -1, scene.counters.worker(0), scene.state, epochs, scene.graph, false);
        thread = Thread.ofPlatform().name("weft-warm-up").daemon(true).unstarted(worker);
        try (Rtnetlink rtnetlink = Rtnetlink.open()) {
            WorkerMemory node = new WorkerMemory(scene.frames, scene.counters.worker(0));
            WorkerMemory pods = new WorkerMemory(podFrames, podCounters.worker(0));
            Device nodeA = veth(rtnetlink, POD_A.id(), "a", node);
            Device nodeB = veth(rtnetlink, POD_B.id(), "b", node);
            podA = peer(rtnetlink, POD_A.id(), "a", pods).ports().getFirst();
            podB = peer(rtnetlink, POD_B.id(), "b", pods).ports().getFirst();
            nodePorts = List.of(nodeA.ports().getFirst(), nodeB.ports().getFirst());
            thread.start();
            assign();
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** @return frames that were forwarded to the end */
    static long run(Scene scene, ChunkLayout layout, Supplier<DeviceDriver> drivers, long frames, Limit limit) {
        return NetworkNamespace.callInNew(() -> {
            try (LoopWarmUp loop = new LoopWarmUp(scene, layout, drivers)) {
                loop.exchange(frames, limit);
                return loop.received;
            }
        });
    }

    private Device veth(Rtnetlink rtnetlink, int id, String name, WorkerMemory memory) {
        return open(id, rtnetlink.createVeth(VethSpec.of(name, "pod-" + name)), rtnetlink, memory);
    }

    private Device peer(Rtnetlink rtnetlink, int id, String name, WorkerMemory memory) {
        return open(id, rtnetlink.link("pod-" + name).orElseThrow(), rtnetlink, memory);
    }

    private Device open(int id, Link link, Rtnetlink rtnetlink, WorkerMemory memory) {
        rtnetlink.setUp(link.index());
        Device device = keep(driver
            .open(new Device.Spec(id, PortKind.POD, link.name(), link.index(), 1), List.of(memory)));
        device.attach();
        return device;
    }

    private void assign() {
        long version = worker.assign(nodePorts, List.of());
        long deadline = System.nanoTime() + ADOPT_NANOS;
        while (!worker.hasAdopted(version) && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
    }

    private void exchange(long frames, Limit limit) {
        for (int round = 0; received < frames && !limit.isReached(System.nanoTime()); round++) {
            fill(1 + round % MAX_BURST, round);
            send();
            collect();
            if (round % ROUNDS_A_REST == 0) {
                LockSupport.parkNanos(REST_NANOS);
                epochs.advance();
            }
            if (round % ROUNDS_AN_ASSIGNMENT == 0) {
                assign();
            }
        }
    }

    private void fill(int burst, int round) {
        batch.clear();
        all.clear();
        for (int i = 0; i < burst; i++) {
            long chunk = pool.allocate();
            if (chunk == 0) { return; }
            long at = chunk + FramePool.HEADROOM;
            int port = FIRST_PORT + (round + i) % FLOWS;
            all.add(batch.size);
            batch.add(at, write(at, i, port), POD_A.id());
        }
    }

    private static int write(long at, int kind, int port) {
        long gateway = NODE.vtepMac();
        int a = POD_A.podIp().toInt();
        int b = POD_B.podIp().toInt();
        return kind % 2 == 0
            ? FrameWriter.udp(at, gateway, a, b, port, 53, 64)
            : FrameWriter.tcp(at, gateway, a, b, port, 80, TcpHeader.ACK);
    }

    private void send() {
        int sent = podA.transmit(batch, all);
        for (int i = sent; i < batch.size; i++) {
            pool.free(batch.at[i]);
        }
        podA.flush();
    }

    private void collect() {
        batch.clear();
        podA.receive(batch);
        received += podB.receive(batch);
        for (int i = 0; i < batch.size; i++) {
            pool.free(batch.at[i]);
        }
    }

    private <T extends AutoCloseable> T keep(T resource) {
        resources.push(resource);
        return resource;
    }

    /** Ends the worker before anything it uses. */
    @Override
    public void close() {
        worker.stop();
        join();
        for (AutoCloseable resource : resources) {
            try {
                resource.close();
            } catch (Exception e) {
                throw new IllegalStateException("cannot close the warm-up", e);
            }
        }
        worker.close();
    }

    private void join() {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
