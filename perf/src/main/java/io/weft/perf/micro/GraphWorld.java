package io.weft.perf.micro;

import com.sun.management.ThreadMXBean;
import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterSizing;
import io.weft.dataplane.detached.DetachedNode;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.graph.NodeObserver;
import io.weft.dataplane.warmup.WarmUp;
import io.weft.dataplane.worker.Epochs;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.TcpHeader;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.TcpTracker;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A node with one or two workers ({@link Lane}) that forward the frames of a case: the product's graph, tables, flow table, counters and
 * expiry, between memory ports. When the constructor returns, all flows have been created, used once more and, for TCP, established.
 */
final class GraphWorld implements AutoCloseable {
    /** The product's, without configuration. */
    private static final int DEFAULT_MAX_FLOWS = 131_072;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final ChunkLayout WARM_UP_LAYOUT = ChunkLayout.spread(4096);

    /** What one worker forwards: flows {@code first … first + count - 1} of a case. */
    record Plan(TrafficCase trafficCase, int first, int count, int batch) {
    }

    private final DetachedNode node;
    private final CounterFile counterFile;
    private final FlowTable flows;
    private final Expiry expiry;
    private final List<Plan> plans;
    private final List<Lane> lanes = new ArrayList<>();
    private int missesLeft;

    /** One worker. */
    GraphWorld(TrafficCase trafficCase, int flowCount, int batch) {
        this(trafficCase, flowCount, batch, null);
    }

    GraphWorld(TrafficCase trafficCase, int flowCount, int batch, NodeObserver observer) {
        this(List.of(new Plan(trafficCase, 0, flowCount, batch)), observer);
    }

    /** @param observer of the nodes of every worker's graph, or null */
    GraphWorld(List<Plan> plans, NodeObserver observer) {
        this.plans = plans;
        int max = plans.stream().mapToInt(plan -> plan.first + plan.count).max().orElseThrow();
        if (Frames.pods(max) > NodeSetup.MAX_PODS) { throw new IllegalArgumentException("too many flows: " + max); }
        node = NodeSetup.node(plans.getFirst().trafficCase.services(), maxFlows(max));
        flows = node.flows;
        counterFile = CounterFile
            .inMemory(new CounterSizing(plans.size(), NodeSetup.PORTS, NodeSetup.PEERS));
        Epochs epochs = new Epochs(plans.size());
        for (int i = 0; i < plans.size(); i++) {
            lanes.add(new Lane(i, node, counterFile.worker(i), epochs, observer));
        }
        expiry = new Expiry(flows, epochs);
        for (int i = 0; i < plans.size(); i++) {
            begin(lanes.get(i), plans.get(i));
        }
    }

    /** Warms up the JIT as the product does before its first frame; once per measuring JVM, before its world is created. */
    static void warmUp() {
        WarmUp.inMemory(Path.of(System.getProperty("java.io.tmpdir")), WARM_UP_LAYOUT, NodeSetup.OVERLAY);
    }

    /** Includes the margin that keeps half-open flows from being evicted. */
    static int maxFlows(int flows) {
        return Math.max(flows + flows / 4, DEFAULT_MAX_FLOWS);
    }

    Lane lane() {
        return lanes.getFirst();
    }

    List<Lane> lanes() {
        return lanes;
    }

    // -- flows ---------------------------------------------------------------------------------------------------------

    private void begin(Lane lane, Plan plan) {
        TrafficCase trafficCase = plan.trafficCase;
        if (trafficCase.isMiss()) {
            lane.use(requests(plan, TcpHeader.ACK), FlowOrder.roundRobin(words(plan, false)), plan.batch);
            forgetFlows();
            return;
        }
        boolean fromTunnel = trafficCase == TrafficCase.REMOTE_POD;
        forwardAll(lane, fromTunnel ? TunnelFrames.of(node) : requests(plan, TcpHeader.SYN), words(plan, fromTunnel));
        if (trafficCase.protocol() == IpProtocol.IPPROTO_TCP) {
            establish(plan);
        }
        Frames frames = trafficCase.fromTunnel ? fromTunnel(plan) : requests(plan, TcpHeader.ACK);
        int[] words = words(plan, trafficCase.fromTunnel);
        forwardAll(lane, frames, words);
        lane.use(frames, FlowOrder.random(words, lanes.indexOf(lane)), plan.batch);
    }

    /** Frames of clients. */
    private Frames requests(Plan plan, int tcpFlags) {
        return plan.trafficCase.isOfOutside()
            ? OutsideFrames.of(node, plan.trafficCase)
            : PodFrames.of(node, plan.trafficCase.target, plan.trafficCase.protocol(), tcpFlags);
    }

    private Frames fromTunnel(Plan plan) {
        return plan.trafficCase.isOfOutside()
            ? TunnelFrames.toNode(node, translatedPorts(plan))
            : TunnelFrames.of(node);
    }

    /** By flow: the source port that the backend sees. */
    private char[] translatedPorts(Plan plan) {
        char[] ports = new char[plan.first + plan.count];
        for (int flow = plan.first; flow < ports.length; flow++) {
            ports[flow] = (char) FlowEntry.newSport(entry(plan.trafficCase, flow));
        }
        return ports;
    }

    private static void forwardAll(Lane lane, Frames frames, int[] words) {
        lane.use(frames, FlowOrder.roundRobin(words), FrameBatch.CAPACITY);
        for (int done = 0; done < words.length; done += FrameBatch.CAPACITY) {
            lane.forward();
        }
    }

    private int[] words(Plan plan, boolean withBackend) {
        return IntStream.range(plan.first, plan.first + plan.count)
            .map(flow -> Frames.word(flow, withBackend ? backend(plan.trafficCase, flow) : 0)).toArray();
    }

    /** Remote pods are the peers' first pods; a reply comes from the backend that its flow got. */
    private int backend(TrafficCase trafficCase, int flow) {
        return NodeSetup.backendOf(
            trafficCase.isReply() ? FlowEntry.newDst(entry(trafficCase, flow)) : trafficCase.target.address(flow));
    }

    /** The forward entry of a flow that a pod of this node or a client outside started. */
    private long entry(TrafficCase trafficCase, int flow) {
        long entry = flows.find(FlowKey.k0(trafficCase.clientIp(flow), trafficCase.target.address(flow)),
            FlowKey.k1(Frames.clientPort(flow), trafficCase.target.port, trafficCase.protocol()));
        if (entry == 0) { throw new IllegalStateException("flow " + flow + " was not made"); }
        return entry;
    }

    /** The other end's part of each handshake, which this benchmark's frames lack. */
    private void establish(Plan plan) {
        for (int flow = plan.first; flow < plan.first + plan.count; flow++) {
            long forward = entry(plan.trafficCase, flow);
            TcpTracker.onSegment(flows, flows.peer(forward), TcpHeader.SYN | TcpHeader.ACK, 1, 1);
            TcpTracker.onSegment(flows, forward, TcpHeader.ACK, 1, 1);
        }
    }

    // -- misses ----------------------------------------------------------------------------------------------------------

    /** Called before each batch of a case whose frames find no flow: empties the table once all its flows have been created. */
    void makeRoomForMisses() {
        Plan plan = plans.getFirst();
        if (plan.trafficCase.isMiss()) {
            if (missesLeft < plan.batch) {
                forgetFlows();
            }
            missesLeft -= plan.batch;
        }
    }

    private void forgetFlows() {
        node.forgetFlows();
        lane().order().restart();
        missesLeft = plans.getFirst().count;
    }

    // -- checks ----------------------------------------------------------------------------------------------------------

    /** @throws IllegalStateException unless every frame was sent and those of the last batch are right in every relevant byte */
    void check() {
        for (int i = 0; i < lanes.size(); i++) {
            FrameChecks.counters(lanes.get(i).counters());
            Plan plan = plans.get(i);
            FrameChecks.lastBatch(lanes.get(i), plan.trafficCase,
                plan.trafficCase.isOfOutside() ? translatedPorts(plan) : null);
        }
        long made = plans.getFirst().trafficCase.isMiss() ? plans.getFirst().count - missesLeft : flowsPlanned();
        if (flows.flows() != made) { throw new IllegalStateException(flows.flows() + " flows instead of " + made); }
    }

    /** Plans may share flows. */
    private long flowsPlanned() {
        return plans.stream().map(plan -> plan.first).distinct().mapToLong(
            first -> plans.stream().filter(plan -> plan.first == first).mapToInt(Plan::count).max().orElseThrow())
            .sum();
    }

    /** @return heap bytes that the first worker, called by its thread, allocates in this many batches */
    long allocated(int batches) {
        long allocated = 0;
        for (int n = 0; n < batches; n++) {
            makeRoomForMisses();
            long before = THREADS.getCurrentThreadAllocatedBytes();
            lane().forward();
            allocated += THREADS.getCurrentThreadAllocatedBytes() - before;
        }
        return allocated;
    }

    @Override
    public void close() {
        expiry.close();
        counterFile.close();
        node.close();
    }
}
