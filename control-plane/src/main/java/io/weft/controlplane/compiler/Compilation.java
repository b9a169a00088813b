package io.weft.controlplane.compiler;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.source.ClusterChange;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PeerSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * All cluster objects and the compiler that has seen them. A change is compiled as a difference. After a failure everything is compiled
 * again from all objects by a new compiler, and when that fails too, the objects are taken in one by one to find those it fails on: they
 * are left out and named, and are tried again with every later change. One thread.
 */
final class Compilation {
    private static final int STRIKES = 2;
    private static final int MAX_ATTEMPTS = 100;

    private final TableCompiler.Factory factory;
    private final ClusterModel model = new ClusterModel();
    private final Collection<PeerSpec> former;
    private final Map<ObjectKey, Throwable> leftOut = new TreeMap<>();
    private TableCompiler compiler;
    private final List<Throwable> failures = new ArrayList<>();
    private boolean absorbed;
    private boolean synced;

    /** @param former peers of a former control plane's tables */
    Compilation(TableCompiler.Factory factory, Collection<PeerSpec> former) {
        this.factory = factory;
        this.former = former;
        this.compiler = factory.create(Optional.empty(), former);
    }

    /** Keeps a change for {@link #compile} or {@link #rebuild}. */
    ClusterChange absorb(ClusterChange change) {
        absorbed = true;
        return model.absorb(change);
    }

    /** Compiles a difference. Errors: any, after which {@link #rebuild} is due. */
    void compile(ClusterChange difference, TableSink sink) {
        compiler.apply(difference, sink);
    }

    /** Whether objects are left out that the compiler never got over: {@link #rebuild} tries them again. */
    boolean leavesOut() {
        return !leftOut.isEmpty();
    }

    /** @return true once, when everything there is has been compiled the first time */
    boolean becomesSynced() {
        if (synced || !absorbed) { return false; }
        synced = true;
        compiler.synced();
        return true;
    }

    /**
     * Compiles all objects anew.
     *
     * @param inForce what the tables hold, whose indices and local node are kept
     * @return what they shall hold
     */
    DesiredTables rebuild(DesiredTables inForce) {
        leftOut.clear();
        try {
            DesiredTables wanted = new DesiredTables();
            TableCompiler fresh = create(inForce);
            fresh.apply(new ClusterChange(0, model.all(), List.of()), wanted);
            return install(fresh, wanted);
        } catch (RuntimeException | Error e) {
            failures.add(e);
            return rebuildOneByOne(inForce, e);
        }
    }

    /**
     * One that fails twice is left out: a failure that comes once is not the object's, and one that comes without any object is nobody's, so
     * that the tables had better stay as they are.
     */
    private DesiredTables rebuildOneByOne(DesiredTables inForce, Throwable first) {
        Map<Optional<ObjectKey>, Integer> strikes = new HashMap<>();
        Throwable last = first;
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            DesiredTables wanted = new DesiredTables();
            Optional<ObjectKey> current = Optional.empty();
            try {
                TableCompiler fresh = create(inForce);
                fresh.apply(new ClusterChange(0, List.of(), List.of()), wanted);
                for (ClusterObject object : model.all()) {
                    current = Optional.of(object.key());
                    if (!leftOut.containsKey(object.key())) {
                        fresh.apply(new ClusterChange(0, List.of(object), List.of()), wanted);
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
        return factory.create(inForce.local(), synced ? List.copyOf(inForce.peers()) : former);
    }

    private DesiredTables install(TableCompiler fresh, DesiredTables wanted) {
        if (synced) {
            fresh.synced();
        }
        compiler = fresh;
        return wanted;
    }

    // -- what it came to ---------------------------------------------------------------------------------------------

    Optional<LocalNode> local() {
        return compiler.local();
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

    Map<Integer, String> localPodNames() {
        return compiler.localPodNames();
    }

    /** What the compiler failed on since the last call, and went on. */
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
            key + ": is left out, Weft failed on it: " + failure + "; report it, with the log")));
        return all;
    }
}
