package io.weft.dataplane.conductor;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterSizing;
import io.weft.dataplane.decision.FlowRevalidator;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.forwarding.Route;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.state.PortDirectory;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.Overlay;
import io.weft.dataplane.table.TablesReader;
import io.weft.dataplane.table.TablesSizing;
import io.weft.dataplane.table.TablesUpdate;
import io.weft.dataplane.table.TablesWriter;
import io.weft.dataplane.worker.Epochs;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.lb.flow.FlowCounter;
import io.weft.lb.flow.FlowDump;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowExpiry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowRecord;
import io.weft.lb.flow.FlowState;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTemplate;
import io.weft.lb.flow.FlowTimeouts;
import io.weft.lb.nat.SnatPorts;
import io.weft.lb.nat.SourceNat;
import io.weft.nativebindings.linux.MappedMemory;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * The parts of the conductor that follow tables and flows, without devices: a real tables file, flow table, adjacencies and counters, a
 * fake underlay, and one worker that consists only of its epoch.
 */
final class FlowNode implements AutoCloseable {
    static final int HOST = PortId.HOST;
    static final int UPLINK = PortId.UPLINK;
    static final int SNAT_PORT = 61_000;
    private static final int PEERS = 64;
    private static final int MAX_FLOWS = 8192;
    private static final long AWAIT_NANOS = TimeUnit.MINUTES.toNanos(1);

    final FakeUnderlay underlay = new FakeUnderlay();
    final Epochs epochs = new Epochs(1);
    final CounterFile counters = CounterFile.inMemory(new CounterSizing(1, 16, PEERS));
    final ForwardingState state;
    final FlowTable flows;
    final ConntrackGc gc;
    private final SourceNat sourceNat;
    final NextHops nextHops;
    final Revalidation revalidation;
    final TablesWatch watch;
    TablesWriter tables;
    LocalNode local;
    private final Path directory;
    private final MappedMemory flowMemory = MappedMemory.anonymous(FlowTable.sizeFor(MAX_FLOWS), false);
    private final MappedMemory slots;
    private final MappedMemory bitmaps = MappedMemory.anonymous(SnatPorts.BITMAPS_LENGTH, false);

    FlowNode(Path directory) {
        this(directory, PEERS);
    }

    /** @param adjacencies free slots */
    FlowNode(Path directory, int adjacencies) {
        this.directory = directory;
        slots = MappedMemory.anonymous((long) adjacencies * Adjacencies.SLOT_BYTES, false);
        state = new ForwardingState(new Adjacencies(slots.address(), adjacencies, PEERS));
        flows = FlowTable.create(flowMemory.address(), flowMemory.size(), MAX_FLOWS, 1);
        SnatPorts snatPorts = new SnatPorts(bitmaps.address(), SNAT_PORT, 65_535);
        sourceNat = new SourceNat(flows, snatPorts);
        gc = new ConntrackGc(flows, snatPorts, state, epochs, counters.conductor());
        nextHops = new NextHops(state, underlay, counters.conductor(), FakeUnderlay.UPLINK, gc);
        revalidation = new Revalidation(gc, nextHops, epochs);
        watch = new TablesWatch(directory, state, epochs);
        state.publish(PortDirectory.EMPTY.with(HOST, PortKind.HOST, 0, 1, 2, 1500)
            .with(UPLINK, PortKind.UPLINK, 0, 0, FakeUnderlay.UPLINK_MAC, 1500));
        newTables();
    }

    /** Creates the tables of another control plane, empty and not committed. */
    void newTables() {
        tables = TablesWriter.create(directory, new TablesSizing(4 << 20), () -> Long.MAX_VALUE);
    }

    static int ip(String text) {
        return Ipv4Address.of(text);
    }

    static LocalNode local(String address, String podCidr) {
        return new LocalNode("n1", IpAddress.of(address), IpPrefix.of(podCidr), IpPrefix.of("10.244.0.0/16"),
            IpPrefix.of("10.96.0.0/16"), 1, new Overlay(Encapsulation.VXLAN, 1, 8472), 1450, 1450, true, SNAT_PORT,
            65_535);
    }

    // -- the conductor -----------------------------------------------------------------------------------------------

    /** One pass of the conductor over tables and flows. */
    void pass() {
        long now = System.nanoTime();
        epochs.advance();
        watch.poll(now).ifPresent(this::apply);
        if (nextHops.serveRequests(local)) {
            revalidation.nextHopAdded();
        }
        revalidation.pass(now);
    }

    private void apply(TablesUpdate update) {
        local = update.tables().local().orElseThrow();
        revalidation.tablesChanged(update);
        if (update.portsChanged()) {
            PortDirectory before = state.ports();
            openPorts(update);
            revalidation.portsChanged(before, state.ports());
        }
    }

    /** Enters the ports into the directory as if all devices existed. */
    private void openPorts(TablesUpdate update) {
        for (int id = PortId.FIRST_POD; id < 16; id++) {
            if (state.ports().kind(id) != PortKind.NONE) {
                state.publish(state.ports().without(id));
            }
        }
        update.tables().ports().forEach(port -> state
            .publish(state.ports().with(port.id(), PortKind.POD, port.podIp().toInt(), port.podMac(), 2, port.mtu())));
    }

    /** Runs passes until the conductor has found the tables, followed all changes and compared the flows. */
    void settle() {
        epochs.sleep(0);
        long start = System.nanoTime();
        do {
            pass();
            assertTrue(System.nanoTime() - start < AWAIT_NANOS, "the conductor still has changes to follow");
        } while (watch.incarnation() != tables.incarnation() || !revalidation.isIdle());
    }

    // -- flows -------------------------------------------------------------------------------------------------------

    /** Whether there is a flow from one address and port to another. */
    boolean has(String source, int sourcePort, String destination, int destinationPort, int protocol) {
        return flows.find(FlowKey.k0(ip(source), ip(destination)),
            FlowKey.k1(sourcePort, destinationPort, protocol)) != 0;
    }

    long ended() {
        return flows.count(FlowCounter.INVALIDATED);
    }

    /** What to create a flow from. */
    record Plan(int ingress, int source, int sourcePort, int destination, int destinationPort, int protocol,
        int backend, int backendPort, int flowState) {
        Plan(String source, int sourcePort, String destination, int destinationPort, int protocol, String backend,
            int ingress) {
            this(ingress, ip(source), sourcePort, ip(destination), destinationPort, protocol,
                backend == null ? 0 : ip(backend), backend == null ? 0 : 8080,
                protocol == 6 ? FlowState.ESTABLISHED : FlowState.UDP_UNREPLIED);
        }

        boolean isService() { return backend != 0; }
    }

    /** A flow according to the current tables and adjacencies, or empty if it is refused. */
    Optional<FlowTemplate> decide(Plan plan) {
        FlowTemplate template = propose(plan);
        long size = FlowTable.sizeFor(1);
        try (MappedMemory scratch = MappedMemory.anonymous(size, false)) {
            FlowTable one = FlowTable.create(scratch.address(), size, 1, 1);
            long entry = one.insertPair(FlowHash.hash(k0(plan), k1(plan)), k0(plan), k1(plan), template);
            FlowRevalidator revalidator = new FlowRevalidator(one, state);
            revalidator.begin(System.nanoTime());
            if (entry < 0 || !revalidator.isValid(entry)) { return Optional.empty(); }
            template.forwardEgress = FlowEntry.egress(entry);
            // A flow without a next hop is kept, but no packet creates one.
            return template.forwardEgress == Egress.NO_ROUTE ? Optional.empty() : Optional.of(template);
        }
    }

    private FlowTemplate propose(Plan plan) {
        FlowTemplate template = new FlowTemplate().reset(k0(plan), k1(plan), plan.flowState,
            (int) TimeUnit.NANOSECONDS.toSeconds(System.nanoTime()));
        if (plan.isService()) {
            template.newDst = plan.backend;
            template.newDport = plan.backendPort;
            template.flags = FlowEntry.DNAT | FlowEntry.SERVICE;
        }
        template.forwardIngress = plan.ingress;
        template.reverseEgress = back(plan.ingress);
        TablesReader reader = (TablesReader) state.tables();
        long route = reader.route4(template.newDst);
        switch (Route.kind(route)) {
            case Route.LOCAL_PORT -> ways(template, Egress.PORT | Route.index(route), Route.index(route));
            case Route.PEER, Route.PEER_NODE -> ways(template,
                Egress.TUNNEL | Math.max(0, state.adjacencies().slotOfPeer(Route.index(route))),
                Ingress.tunnel(Route.index(route)));
            case Route.NONE -> outside(template);
            default -> ways(template, Egress.PUNT, HOST);
        }
        return template;
    }

    private void outside(FlowTemplate template) {
        if (state.localAddresses().contains(template.newDst)) {
            ways(template, Egress.PUNT, HOST);
            return;
        }
        long hop = state.underlayRoutes().lookup(template.newDst);
        int slot = hop < 0 ? Adjacencies.NONE : state.adjacencies().slotOfNextHop((int) hop);
        ways(template, slot < 0 ? Egress.NO_ROUTE : Egress.UPLINK | slot, UPLINK);
        template.newSrc = local.address().toInt();
        template.flags |= FlowEntry.SNAT | FlowEntry.OWNS_PORT;
    }

    private static void ways(FlowTemplate template, int egress, int replyIngress) {
        template.forwardEgress = egress;
        template.reverseIngress = replyIngress;
    }

    private int back(int ingress) {
        if (!Ingress.isTunnel(ingress)) { return ingress == HOST ? Egress.PUNT : Egress.PORT | ingress; }
        int slot = state.adjacencies().slotOfPeer(Ingress.peer(ingress));
        return slot < 0 ? Egress.NONE : Egress.TUNNEL | slot;
    }

    /** Inserts the flow as a worker does; does nothing if its key or that of its replies exists. */
    void insert(Plan plan, FlowTemplate template) {
        int hash = FlowHash.hash(k0(plan), k1(plan));
        if ((template.flags & FlowEntry.OWNS_PORT) != 0) {
            sourceNat.insert(hash, k0(plan), k1(plan), template);
        } else {
            flows.insertPair(hash, k0(plan), k1(plan), template);
        }
    }

    void make(Plan plan) {
        insert(plan, decide(plan).orElseThrow());
    }

    private static long k0(Plan plan) {
        return FlowKey.k0(plan.source, plan.destination);
    }

    private static long k1(Plan plan) {
        return FlowKey.k1(plan.sourcePort, plan.destinationPort, plan.protocol);
    }

    /** All flows by key, with their egress. */
    Map<String, Integer> all() {
        Map<String, Integer> all = new TreeMap<>();
        new FlowDump(flowMemory.address(), flowMemory.size()).forEach(flow -> {
            if (!flow.isReverse()) {
                all.put(flow.toString() + " from " + flow.ingress(), flow.egress());
            }
        });
        return all;
    }

    Optional<FlowRecord> flowTo(String destination) {
        FlowRecord[] found = new FlowRecord[1];
        new FlowDump(flowMemory.address(), flowMemory.size()).forEach(flow -> {
            if (!flow.isReverse() && flow.destination() == ip(destination)) {
                found[0] = flow;
            }
        });
        return Optional.ofNullable(found[0]);
    }

    /** Compares every flow with the tables at once, without the code that decides which flows to compare. */
    void compareAll() {
        FlowRevalidator revalidator = new FlowRevalidator(flows, state);
        revalidator.begin(System.nanoTime());
        new FlowExpiry(flows, FlowTimeouts.defaults(), epochs, (forward, k0, k1) -> {
        }).scan((int) TimeUnit.NANOSECONDS.toSeconds(System.nanoTime()), flows.slotCount(), revalidator);
    }

    @Override
    public void close() {
        watch.close();
        tables.close();
        counters.close();
        flowMemory.close();
        slots.close();
        bitmaps.close();
    }
}
