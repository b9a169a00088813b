package io.weft.lb.service;

import io.weft.lb.service.ServiceBlock.Span;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;

/**
 * A frontend's backends in the order of its block: those of policy Local alone, those of both policies, those of policy Cluster alone, those
 * that only keep their flows; each part by address and port. So the backends of a policy are next to each other.
 */
final class BackendOrder {
    private static final char[] NO_LOOKUP = {};

    private final List<Backend> backends;
    private final Span local;
    private final Span cluster;
    private final char[] clusterLookup;
    private final char[] localLookup;

    private BackendOrder(List<Backend> backends, Span local, Span cluster, Maglev maglev) {
        this.backends = backends;
        this.local = local;
        this.cluster = cluster;
        clusterLookup = lookup(backends, cluster, maglev);
        localLookup = lookup(backends, local, maglev);
    }

    /**
     * @param maglev makes the lookup tables, or null without
     * @throws IllegalArgumentException if a backend is listed twice
     */
    static BackendOrder of(ServiceSpec spec, Maglev maglev) {
        List<Backend> sorted = new ArrayList<>(spec.backends());
        sorted.sort(Comparator.comparingLong(Backend::identity));
        requireDistinct(spec, sorted);
        List<Backend> all = new ArrayList<>(sorted.size());
        add(all, sorted, backend -> isLocal(backend) && !isCluster(backend));
        int onlyLocal = all.size();
        add(all, sorted, backend -> isLocal(backend) && isCluster(backend));
        int locals = all.size();
        add(all, sorted, backend -> !isLocal(backend) && isCluster(backend));
        int used = all.size();
        add(all, sorted, backend -> !isLocal(backend) && !isCluster(backend));
        Span local = new Span(0, locals);
        Span cluster = new Span(onlyLocal, used - onlyLocal);
        return new BackendOrder(all, local, cluster, maglev);
    }

    List<Backend> backends() {
        return backends;
    }

    /** Those of policy Local. */
    Span local() {
        return local;
    }

    /** Those of policy Cluster. */
    Span cluster() {
        return cluster;
    }

    /** With Maglev, its table over the backends of policy Cluster; else empty. */
    char[] clusterLookup() {
        return clusterLookup;
    }

    /** The same for policy Local. */
    char[] localLookup() {
        return localLookup;
    }

    int lookupEntries() {
        return clusterLookup.length + localLookup.length;
    }

    private static void requireDistinct(ServiceSpec spec, List<Backend> sorted) {
        for (int i = 1; i < sorted.size(); i++) {
            if (sorted.get(i).identity() == sorted.get(i - 1).identity()) {
                throw new IllegalArgumentException(
                    "service %s has the backend %s twice".formatted(spec.name(), sorted.get(i)));
            }
        }
    }

    private static void add(List<Backend> all, List<Backend> sorted, Predicate<Backend> wanted) {
        for (Backend backend : sorted) {
            if (wanted.test(backend)) {
                all.add(backend);
            }
        }
    }

    private static boolean isLocal(Backend backend) {
        return backend.is(Backend.LOCAL_SET);
    }

    private static boolean isCluster(Backend backend) {
        return backend.is(Backend.CLUSTER_SET);
    }

    /** Numbers the backends by address and port, so that every node has the same table, and refers to them by their index. */
    private static char[] lookup(List<Backend> all, Span span, Maglev maglev) {
        if (maglev == null || span.count() == 0) { return NO_LOOKUP; }
        List<Backend> sorted = new ArrayList<>(all.subList(span.first(), span.first() + span.count()));
        int[] index = new int[sorted.size()];
        Integer[] order = new Integer[sorted.size()];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, Comparator.comparingLong(i -> sorted.get(i).identity()));
        long[] identities = new long[sorted.size()];
        for (int i = 0; i < order.length; i++) {
            identities[i] = sorted.get(order[i]).identity();
            index[i] = span.first() + order[i];
        }
        char[] lookup = Arrays.copyOf(maglev.fill(identities), Maglev.tableSize(identities.length));
        for (int i = 0; i < lookup.length; i++) {
            lookup[i] = (char) index[lookup[i]];
        }
        return lookup;
    }
}
