package io.weft.controlplane.compiler;

import io.weft.controlplane.healthcheck.HealthCheckNodePort;
import io.weft.controlplane.journal.Snapshot;
import io.weft.controlplane.model.ClusterNode;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.operator.OperatorState;
import io.weft.controlplane.operator.WriteTarget.Assessment;
import io.weft.controlplane.source.ClusterChange;
import io.weft.controlplane.source.Throttle;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PeerSpec;
import io.weft.encap.address.IpAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * All cluster objects and the compiler that has compiled them. A change is compiled as a difference. After a failure a new compiler
 * compiles everything from all objects. If that fails too, it compiles the objects one by one to find those on which it fails. These are
 * left out and reported, and tried again with every later change. One thread.
 */
final class Compilation {
    private static final int STRIKES = 2;
    private static final int MAX_ATTEMPTS = 100;

    private final TableCompiler.Factory factory;
    private final ClusterModel model = new ClusterModel();
    private final Collection<PeerSpec> former;
    private final Map<ObjectKey, Throwable> leftOut = new TreeMap<>();
    private TableCompiler compiler;
    private Set<IpAddress> ownAddresses = Set.of();
    private OperatorState operator = OperatorState.NOTHING;
    private final List<Throwable> failures = new ArrayList<>();
    private boolean absorbed;
    private boolean synced;

    /** @param former peers of an earlier control plane's tables */
    Compilation(TableCompiler.Factory factory, Collection<PeerSpec> former) {
        this.factory = factory;
        this.former = former;
        this.compiler = factory.create(Optional.empty(), former);
    }

    /** Stores a change for {@link #compile} or {@link #rebuild}. */
    ClusterChange absorb(ClusterChange change) {
        absorbed = true;
        return model.absorb(change);
    }

    /** All objects, whether compiled or not. */
    Snapshot objects() {
        return new Snapshot(model.revision(), model.all());
    }

    /** Grows with every change of an object. */
    long revision() {
        return model.revision();
    }

    /**
     * The addresses of this machine's devices, in force with the next change.
     *
     * @return whether they are different
     */
    boolean setOwnAddresses(Set<IpAddress> addresses) {
        boolean news = !addresses.equals(ownAddresses);
        ownAddresses = addresses;
        compiler.setOwnAddresses(addresses);
        return news;
    }

    /** What operators have written, in force with the next change. */
    void use(OperatorState state) {
        operator = state;
        compiler.use(state);
    }

    OperatorState operator() {
        return operator;
    }

    /** What other writes would change. */
    Assessment assess(OperatorState next) {
        return compiler.assess(next);
    }

    /** What each write does at present, in words, by its title. */
    Map<String, String> operatorUses() {
        return compiler.uses(operator);
    }

    /** Compiles the difference. Errors: any; {@link #rebuild} must then be called. */
    void compile(ClusterChange difference, TableSink sink, Throttle throttle) {
        compiler.apply(difference, sink, throttle);
    }

    /** Whether any change has arrived. */
    boolean isAbsorbed() { return absorbed; }

    /** Whether objects are left out on which the compiler always failed: {@link #rebuild} tries them again. */
    boolean leavesOut() {
        return !leftOut.isEmpty();
    }

    /** @return true once, when everything has been compiled for the first time */
    boolean becomesSynced() {
        if (synced || !absorbed) { return false; }
        synced = true;
        compiler.synced();
        return true;
    }

    /**
     * Compiles all objects from scratch.
     *
     * @param inForce current contents of the tables, whose indices and local node are kept
     * @return the new contents
     */
    DesiredTables rebuild(DesiredTables inForce, Throttle throttle) {
        leftOut.clear();
        try {
            DesiredTables wanted = new DesiredTables();
            TableCompiler fresh = create(inForce);
            fresh.apply(new ClusterChange(0, model.all(), List.of()), wanted, throttle);
            return install(fresh, wanted);
        } catch (RuntimeException | Error e) {
            failures.add(e);
            return rebuildOneByOne(inForce, e, throttle);
        }
    }

    /**
     * Leaves out an object that fails twice. A failure that occurs only once is not the object's fault; for a failure without any object,
     * it is safest to leave the tables as they are.
     */
    private DesiredTables rebuildOneByOne(DesiredTables inForce, Throwable first, Throttle throttle) {
        Map<Optional<ObjectKey>, Integer> strikes = new HashMap<>();
        Throwable last = first;
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            DesiredTables wanted = new DesiredTables();
            Optional<ObjectKey> current = Optional.empty();
            try {
                TableCompiler fresh = create(inForce);
                fresh.apply(new ClusterChange(0, List.of(), List.of()), wanted, throttle);
                for (ClusterObject object : model.all()) {
                    current = Optional.of(object.key());
                    if (!leftOut.containsKey(object.key())) {
                        fresh.apply(new ClusterChange(0, List.of(object), List.of()), wanted, throttle);
                    }
                }
                return install(fresh, wanted);
            } catch (RuntimeException | Error e) {
                last = e;
                failures.add(e);
                if (strikes.merge(current, 1, Integer::sum) >= STRIKES) {
                    if (current.isEmpty()) {
                        break;
                    }
                    leftOut.put(current.get(), e);
                }
            }
        }
        throw new IllegalStateException("the tables cannot be rebuilt: " + last, last);
    }

    private TableCompiler create(DesiredTables inForce) {
        TableCompiler fresh = factory.create(inForce.local(), synced ? List.copyOf(inForce.peers()) : former);
        fresh.setOwnAddresses(ownAddresses);
        fresh.use(operator);
        return fresh;
    }

    private DesiredTables install(TableCompiler fresh, DesiredTables wanted) {
        if (synced) {
            fresh.synced();
        }
        compiler = fresh;
        return wanted;
    }

    // -- results ---------------------------------------------------------------------------------------------

    Optional<LocalNode> local() {
        return compiler.local();
    }

    /** This node's Node, as last reported. */
    Optional<ClusterNode> ownNode() {
        return compiler.ownNode();
    }

    /** Why this node's description is not made of the present objects, in one line; empty if it is. */
    String localProblem() {
        return compiler.localProblem();
    }

    int podMtu() {
        return compiler.podMtu();
    }

    int peerCount() {
        return compiler.peerCount();
    }

    int serviceCount() {
        return compiler.serviceCount();
    }

    /** What the health check ports of Services tell. */
    List<HealthCheckNodePort> healthChecks() {
        return compiler.healthChecks();
    }

    Map<IpAddress, String> localPodNames() {
        return compiler.localPodNames();
    }

    /** Failures of the compiler since the last call, after which it continued. */
    List<Throwable> takeFailures() {
        List<Throwable> taken = new ArrayList<>(failures);
        taken.addAll(compiler.takeFailures());
        failures.clear();
        return taken;
    }

    boolean hasFailures() { return compiler.hasFailures(); }

    List<Problem> problems() {
        List<Problem> all = new ArrayList<>(compiler.problems());
        leftOut.forEach((key, failure) -> all.add(new Problem(key,
            key + ": is left out because Weft failed on it: " + failure + "; report it, with the log")));
        return all;
    }
}
