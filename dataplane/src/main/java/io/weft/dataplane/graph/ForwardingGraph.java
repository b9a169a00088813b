package io.weft.dataplane.graph;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.fastpath.FastPath;
import io.weft.dataplane.flowlog.FlowLogWriter;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.frame.Lanes;
import io.weft.dataplane.graph.node.ArpInput;
import io.weft.dataplane.graph.node.Dispatch;
import io.weft.dataplane.graph.node.DropNode;
import io.weft.dataplane.graph.node.EthernetInput;
import io.weft.dataplane.graph.node.FirstFragments;
import io.weft.dataplane.graph.node.FlowCreate;
import io.weft.dataplane.graph.node.FlowLookup;
import io.weft.dataplane.graph.node.FlowRewrite;
import io.weft.dataplane.graph.node.FragmentHold;
import io.weft.dataplane.graph.node.GraphNode;
import io.weft.dataplane.graph.node.HoldNode;
import io.weft.dataplane.graph.node.Icmp4Echo;
import io.weft.dataplane.graph.node.Icmp4ErrorInput;
import io.weft.dataplane.graph.node.Ip4Frag;
import io.weft.dataplane.graph.node.Ip4Input;
import io.weft.dataplane.graph.node.Ip4SvReassembly;
import io.weft.dataplane.graph.node.LocalRewrite;
import io.weft.dataplane.graph.node.NeighbourHold;
import io.weft.dataplane.graph.node.PortTx;
import io.weft.dataplane.graph.node.Punt;
import io.weft.dataplane.graph.node.Reject;
import io.weft.dataplane.graph.node.TunnelDecap;
import io.weft.dataplane.graph.node.TunnelEncap;
import io.weft.dataplane.graph.node.UnderlayRewrite;
import io.weft.dataplane.port.DropObserver;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.worker.BatchProcessor;
import io.weft.dataplane.worker.Faults;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.nat.SnatPorts;

/**
 * The path of every frame through one worker; the one place where all nodes are wired.
 *
 * <pre>
 * port-rx ─ ethernet-input ─┬─ arp-input ─────────────────────────────────────────────┐
 *                           ├─ vxlan4-decap ─┐                                        │
 *                           └────────────────┴─ ip4-input ─┬─ later fragments ────┐   │
 *                                                          ├─ icmp4-error-input   │   │
 *                                                          └─ flow-lookup ─┐      │   │
 *                            ┌──────────────── hit ────────────────────────┤      │   │
 *                            │      flow-create ◄───── miss ───────────────┘      │   │
 *                            │      │    ├─ neighbour-hold ─► ip4-input           │   │
 *                            │  hit │    ├─ icmp4-echo ──┐                        │   │
 *                            └─ flow-rewrite │           │                        │   │
 *                                   │   └─ reject ───────┤                        │   │
 *                                   │                    │   ip4-sv-reassembly ◄──┘   │
 *                                   │                    │      │  └ fragment-hold    │
 *                                   └────────────────────┴──────┴─── ip4-frag ────┐   │
 *                 local-rewrite │ vxlan4-encap │ underlay-rewrite │ punt ◄────────┘   │
 *                 port-tx ◄────────────┴───────────────┴──────────────┴───────────────┘
 *                 drop(reason) ◄─ any
 * </pre>
 *
 * <p>{@code icmp4-error-input} hands on as {@code flow-rewrite} does. Only what is too long for its egress goes through {@code ip4-frag}.
 *
 * <p>Before them {@link FastPath} finishes eligible packets of known flows, from Ethernet to {@code port-tx}, and counts them under the nodes that would have
 * done the same; all other frames enter at {@code ethernet-input}.
 *
 * <p>Nodes run once a batch in this order, so every frame has ended when {@link #process} returns: sent, punted or dropped; but for later fragments
 * that came before their first, which {@code fragment-hold} keeps, and packets that {@code flow-create} gives to {@code neighbour-hold} because their next hop is
 * not resolved yet (they come again to {@code ip4-input}), until {@link #resume} finds that they can go on. Fragments that {@code ip4-frag}
 * makes go through the nodes behind it in batches of their own. An exception
 * costs one frame at most ({@link NodeRunner}).
 *
 * <p>Thread: one worker. Allocation: none after construction, unless something is thrown.
 */
public final class ForwardingGraph implements BatchProcessor {
    private final BatchContext context;
    private final WorkerCounters counters;
    private final DropNode drop;
    private final PortTx tx;
    private final FastPath fastPath;
    private final FirstFragments first;
    private final Ip4Input ip4;
    private final NeighbourHold neighbours;
    private final Ip4SvReassembly laterFragments;
    private final FragmentHold hold;
    private final Ip4Frag fragmentation;
    private final Dispatch dispatch;
    private final FrameBatch fragments = new FrameBatch();
    private final Faults faults = new Faults();
    private final NodeRunner runner;

    /** @param pool of this worker; the graph gives chunks back to it, and takes some for fragments */
    public ForwardingGraph(ForwardingState state, FlowTable flows, SnatPorts snatPorts, WorkerCounters counters,
        FramePool pool) {
        this(state, flows, snatPorts, counters, pool, (NodeObserver) null);
    }

    /** @param records of this worker; null if flows are not recorded */
    public ForwardingGraph(ForwardingState state, FlowTable flows, SnatPorts snatPorts, WorkerCounters counters,
        FramePool pool, FlowLogWriter records) {
        this(state, flows, snatPorts, counters, pool, Lanes.areUsable(), NodeRunner::new, records);
    }

    /** @param observer told about every run of a node and stage, for benchmarks; null for none, at no cost */
    public ForwardingGraph(ForwardingState state, FlowTable flows, SnatPorts snatPorts, WorkerCounters counters,
        FramePool pool, NodeObserver observer) {
        this(state, flows, snatPorts, counters, pool, Lanes.areUsable(), observer == null ? NodeRunner::new
            : (faults, runnerCounters, drop, order) -> new ObservedRunner(faults, runnerCounters, drop, observer,
                order));
    }

    /** A graph in which every frame takes the slow path, whose nodes leave in the batch what they found out about each. */
    public static ForwardingGraph onSlowPath(ForwardingState state, FlowTable flows, SnatPorts snatPorts,
        WorkerCounters counters, FramePool pool) {
        return new ForwardingGraph(state, flows, snatPorts, counters, pool, false, NodeRunner::new);
    }

    /** For tests: a graph without the fast path, or whose nodes and stages fail. */
    ForwardingGraph(ForwardingState state, FlowTable flows, SnatPorts snatPorts, WorkerCounters counters,
        FramePool pool, boolean hasFastPath, NodeRunner.Factory runners) {
        this(state, flows, snatPorts, counters, pool, hasFastPath, runners, null);
    }

    private ForwardingGraph(ForwardingState state, FlowTable flows, SnatPorts snatPorts, WorkerCounters counters,
        FramePool pool, boolean hasFastPath, NodeRunner.Factory runners, FlowLogWriter records) {
        this.counters = counters;
        context = new BatchContext(state);

        first = new FirstFragments(context);
        drop = new DropNode(counters, pool, first);
        tx = new PortTx(faults, counters, drop);
        Punt punt = new Punt(context, drop, tx);
        UnderlayRewrite underlayRewrite = new UnderlayRewrite(context, drop, tx);
        TunnelEncap encap = new TunnelEncap(context, drop, tx, pool);
        LocalRewrite localRewrite = new LocalRewrite(context, drop, tx);
        fragmentation = new Ip4Frag(counters, pool);
        dispatch = new Dispatch(context, drop, localRewrite, encap, underlayRewrite, punt, fragmentation);
        hold = new FragmentHold(context, drop, dispatch, pool);
        laterFragments = new Ip4SvReassembly(context, drop, dispatch, hold);
        Reject reject = new Reject(context, drop, dispatch, counters, pool, first);
        FlowRewrite rewrite = new FlowRewrite(context, drop, reject, dispatch, flows, first);
        Icmp4Echo echo = new Icmp4Echo(drop, dispatch, first);
        neighbours = new NeighbourHold(context, drop, reject, first, pool);
        FlowCreate create = new FlowCreate(context, drop, reject, neighbours, dispatch, echo, rewrite, flows, snatPorts,
            first, records);
        FlowLookup lookup = new FlowLookup(flows, create, rewrite);
        Icmp4ErrorInput icmpErrors = new Icmp4ErrorInput(context, drop, dispatch, flows, first);
        ip4 = new Ip4Input(context, drop, first, laterFragments, icmpErrors, lookup, create);
        TunnelDecap decap = new TunnelDecap(context, drop, ip4, first);
        ArpInput arp = new ArpInput(context, drop, tx);
        EthernetInput ethernet = new EthernetInput(context, drop, arp, decap, ip4);

        fastPath = hasFastPath ? new FastPath(context, counters, flows, drop, dispatch, ethernet, tx)
            : new FastPath(ethernet);

        GraphNode[] order = {ethernet, arp, decap, ip4, icmpErrors, lookup, create, neighbours, echo, rewrite, reject,
            laterFragments, hold, fragmentation, localRewrite, encap, underlayRewrite, punt, tx, drop};
        runner = runners.create(faults, counters, drop, order);
    }

    /** The ports that this worker has open, by id, with holes; between two batches. Frames for others are dropped. */
    @Override
    public void use(Port[] ports) {
        tx.use(ports);
    }

    @Override
    public void observe(DropObserver observer) {
        drop.observe(observer);
    }

    /**
     * Takes all frames of the batch to their ends.
     *
     * @param nowNanos {@code System.nanoTime}
     */
    @Override
    public void process(FrameBatch batch, long nowNanos) {
        int size = batch.size;
        runner.beginBatch();
        counters.add(FrameTotal.RECEIVED, size);
        counters.set(FrameTotal.IN_FLIGHT, size + held());
        first.begin();
        counters.node(GraphNodeId.PORT_RX, size);
        DropReason refusal = begin(nowNanos);
        if (refusal == null) {
            runner.run(fastPath, batch);
        } else {
            for (int frame = 0; frame < size; frame++) {
                drop.add(frame, refusal);
            }
        }
        finish(batch);
        runner.endBatch();
    }

    /** @return why no frame can be forwarded now, or null. Tables that cannot be read cost more than one frame: all, until there are others. */
    private DropReason begin(long nowNanos) {
        try {
            return context.begin(nowNanos) ? null : DropReason.NOT_READY;
        } catch (RuntimeException | AssertionError | InternalError e) {
            faults.add(e);
            return DropReason.INTERNAL_ERROR;
        }
    }

    @Override
    public int held() {
        return hold.size() + neighbours.size();
    }

    @Override
    public long newestHeldNanos() {
        if (hold.size() == 0) { return neighbours.newestNanos(); }
        return neighbours.size() == 0 ? hold.newestNanos() : Math.max(hold.newestNanos(), neighbours.newestNanos());
    }

    @Override
    public boolean resume(FrameBatch batch, long nowNanos) {
        if (held() == 0 || begin(nowNanos) != null) { return false; }
        boolean any = false;
        boolean more;
        do { // all that wait for one neighbour, before others to it are received
            first.begin();
            more = release(neighbours, batch, ip4.in());
            more = release(hold, batch, laterFragments.in()) || more;
            if (batch.size > 0) {
                any = true;
                finish(batch);
            }
            if (more) {
                tx.flush();
            }
        } while (more);
        return any;
    }

    private boolean release(HoldNode node, FrameBatch batch, FrameList ready) {
        try {
            return node.release(batch, ready);
        } catch (RuntimeException | AssertionError | InternalError e) {
            faults.add(e);
            return node.abandon(batch, ready);
        }
    }

    private void finish(FrameBatch batch) {
        runner.run(batch);
        while (fillFragments(batch)) {
            runner.run(fragments);
            fragments.clear();
            tx.flush();
        }
        batch.clear();
        counters.set(FrameTotal.IN_FLIGHT, held());
        counters.add(FrameTotal.BATCHES, 1);
    }

    private boolean fillFragments(FrameBatch batch) {
        try {
            return fragmentation.fill(dispatch, batch, fragments);
        } catch (RuntimeException | AssertionError | InternalError e) {
            faults.add(e);
            abandonFragments(batch);
            return true;
        }
    }

    private void abandonFragments(FrameBatch batch) {
        try {
            fragmentation.abandon(batch, fragments);
        } catch (RuntimeException | AssertionError | InternalError e) {
            faults.add(e); // the frame is counted, its chunk is lost
        }
    }

    @Override
    public long fastPathFrames() {
        return fastPath.finished();
    }

    /** What nodes, stages and ports have thrown. */
    @Override
    public Faults faults() {
        return faults;
    }
}
