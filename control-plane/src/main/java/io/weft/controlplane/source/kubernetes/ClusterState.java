package io.weft.controlplane.source.kubernetes;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.Kind;
import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.source.ClusterChange;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * All objects as the API last reported them, and which of that has been delivered. Nothing is delivered until every kind has been listed, nor
 * while there is a {@link #doubt}. The listener and this class share the objects. Any thread.
 */
final class ClusterState {
    private static final ObjectKey SERVICE = new ObjectKey(Kind.SERVICE, "default", "kubernetes");
    static final ObjectKey SLICE = new ObjectKey(Kind.ENDPOINT_SLICE, "default", "kubernetes");

    /** @param object the last good content; null if there has been none, or it is for another proxy */
    private record Known(String version, ClusterObject object) {
    }

    private final ObjectKey ownNode;
    private final Set<Kind> unlisted;
    private final Map<Kind, Map<ObjectKey, Known>> known = new EnumMap<>(Kind.class);
    /** The newest version of each kind that has arrived. */
    private final Map<Kind, String> newest = new EnumMap<>(Kind.class);
    private final Map<ObjectKey, String> errors = new TreeMap<>();
    private final Map<ObjectKey, ClusterObject> delivered = new HashMap<>();
    private final Set<ObjectKey> touched = new HashSet<>();
    private boolean lacksOwnNode;
    private boolean reportAll = true;
    private long arrivalNanos;

    /** @param kinds those that are followed */
    ClusterState(String nodeName, Set<Kind> kinds) {
        this.ownNode = new ObjectKey(Kind.NODE, "", nodeName);
        this.unlisted = EnumSet.copyOf(kinds);
        kinds.forEach(kind -> known.put(kind, Map.of()));
    }

    // -- what arrives ------------------------------------------------------------------------------------------------

    /** All objects of a kind: those that are missing from the list are gone. */
    synchronized void listed(Kind kind, List<Received> objects, String version, long nowNanos) {
        Map<ObjectKey, Known> former = known.get(kind);
        Map<ObjectKey, Known> now = new HashMap<>();
        errors.keySet().removeIf(key -> key.kind() == kind);
        for (Received object : objects) {
            now.put(object.key(), known(object, former.get(object.key())));
            if (!former.containsKey(object.key()) || !former.get(object.key()).version().equals(object.version())) {
                touch(object.key(), nowNanos);
            }
        }
        former.keySet().stream().filter(key -> !now.containsKey(key)).forEach(key -> touch(key, nowNanos));
        known.put(kind, now);
        newest.put(kind, version);
        unlisted.remove(kind);
        if (kind == Kind.NODE) {
            lacksOwnNode = !now.containsKey(ownNode);
        }
    }

    /** The server does not list this kind: the others are delivered without it. */
    synchronized void goOnWithout(Kind kind) {
        unlisted.remove(kind);
    }

    /**
     * An event of a watch that says an object was added or changed.
     *
     * @return false if only a list can tell whether the object exists: the event is out of order, and may be older than its deletion
     */
    synchronized boolean changed(Received object, long nowNanos) {
        ObjectKey key = object.key();
        Known before = known.get(key.kind()).get(key);
        boolean late = isLate(object);
        if (before == null && late) { return false; }
        if (before != null && ResourceVersions.isNotNewer(object.version(), before.version())) { return true; }
        known.get(key.kind()).put(key, known(object, before));
        touch(key, nowNanos);
        if (key.equals(ownNode)) {
            lacksOwnNode = false;
        }
        advance(object, late);
        return true;
    }

    /** An event of a watch that says an object was deleted. */
    synchronized void deleted(Received object, long nowNanos) {
        ObjectKey key = object.key();
        Known before = known.get(key.kind()).get(key);
        if (before != null && !ResourceVersions.isOlder(object.version(), before.version())) {
            known.get(key.kind()).remove(key);
            errors.remove(key);
            touch(key, nowNanos);
        }
        advance(object, isLate(object));
    }

    /** Everything of the kind up to this version has arrived. */
    synchronized void bookmark(Kind kind, String version) {
        if (!ResourceVersions.isOlder(version, newest.get(kind))) {
            newest.put(kind, version);
        }
    }

    /** From where a watch of the kind continues. */
    synchronized String newestVersion(Kind kind) {
        return newest.get(kind);
    }

    private boolean isLate(Received object) {
        return ResourceVersions.isNotNewer(object.version(), newest.get(object.key().kind()));
    }

    private void advance(Received object, boolean late) {
        if (!late) {
            newest.put(object.key().kind(), object.version());
        }
    }

    /** A wrong object keeps its last good content. */
    private Known known(Received object, Known before) {
        if (object.error().isEmpty()) {
            errors.remove(object.key());
            return new Known(object.version(),
                object.object().map(now -> sharing(now, before == null ? null : before.object())).orElse(null));
        }
        errors.put(object.key(), object.key() + ": " + object.error());
        return new Known(object.version(), before == null ? delivered.get(object.key()) : before.object());
    }

    /**
     * Most changes of a slice are of one endpoint or two. The others stay the objects that they were: they are old, and objects that live on are
     * what a collection of the young generation copies.
     */
    private static ClusterObject sharing(ClusterObject now, ClusterObject before) {
        return now instanceof EndpointSlice slice && before instanceof EndpointSlice former ? slice.sharing(former)
            : now;
    }

    private void touch(ObjectKey key, long nowNanos) {
        if (touched.isEmpty()) {
            arrivalNanos = nowNanos;
        }
        touched.add(key);
    }

    // -- what is believed --------------------------------------------------------------------------------------------

    /** Why the objects are not delivered although all were listed: no API server can have said so. */
    synchronized Optional<String> doubt() {
        return known.keySet().stream().filter(this::isDoubtful).findFirst().map(kind -> switch (kind) {
            case NODE -> "the list of nodes lacks this node's own, " + ownNode.name()
                + ", and is not believed (has the kubelet registered it, and is nodeName right?)";
            case SERVICE -> "the list of services lacks default/kubernetes and is not believed";
            default -> "the list of endpointslices lacks default/kubernetes and is not believed";
        });
    }

    /** Whether the doubt is about this kind. */
    synchronized boolean isDoubtful(Kind kind) {
        return !unlisted.contains(kind) && switch (kind) {
            case NODE -> lacksOwnNode;
            case SERVICE -> !known.get(kind).containsKey(SERVICE);
            case ENDPOINT_SLICE -> !known.get(kind).containsKey(SLICE);
            default -> false;
        };
    }

    // -- what is delivered -------------------------------------------------------------------------------------------

    /** What has changed since the last call, as one step; everything at first, and after {@link #reportAll}. */
    synchronized Optional<ClusterChange> take() {
        if (!unlisted.isEmpty() || doubt().isPresent() || touched.isEmpty() && !reportAll) { return Optional.empty(); }
        List<ClusterObject> updated = new ArrayList<>();
        List<ObjectKey> removed = new ArrayList<>();
        for (ObjectKey key : new TreeSet<>(touched)) {
            Known now = known.get(key.kind()).get(key);
            if (now != null && now.object() != null) {
                if (!now.object().equals(delivered.put(key, now.object()))) {
                    updated.add(now.object());
                }
            } else if (delivered.remove(key) != null) {
                removed.add(key);
            }
        }
        touched.clear();
        if (reportAll) {
            reportAll = false;
            return Optional.of(new ClusterChange(arrivalNanos, List.copyOf(delivered.values()), List.of(), true));
        }
        return Optional.of(new ClusterChange(arrivalNanos, List.copyOf(updated), List.copyOf(removed)))
            .filter(change -> !change.isEmpty());
    }

    /** Makes the next change contain everything: an earlier one may not have been delivered. */
    synchronized void reportAll() {
        arrivalNanos = System.nanoTime();
        reportAll = true;
    }

    /** Wrong objects, one line each. */
    synchronized List<String> errors() {
        return List.copyOf(errors.values());
    }
}
