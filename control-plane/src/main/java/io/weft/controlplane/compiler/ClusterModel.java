package io.weft.controlplane.compiler;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.source.ClusterChange;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** All objects as the source last reported them: everything else can be rebuilt from them. One thread. */
final class ClusterModel {
    private final Map<ObjectKey, ClusterObject> objects = new TreeMap<>();
    private long revision;

    /** Applies a change. @return the same as a difference */
    ClusterChange absorb(ClusterChange change) {
        ClusterChange difference = change.complete() ? difference(change) : change;
        boolean news = false;
        for (ObjectKey key : difference.removed()) {
            news |= objects.remove(key) != null;
        }
        for (ClusterObject object : difference.updated()) {
            news |= !object.equals(objects.put(object.key(), object));
        }
        revision += news ? 1 : 0;
        return difference;
    }

    /** Grows with every change of an object. */
    long revision() {
        return revision;
    }

    /** Sorted by key. */
    List<ClusterObject> all() {
        return List.copyOf(objects.values());
    }

    private ClusterChange difference(ClusterChange complete) {
        Set<ObjectKey> gone = new HashSet<>(objects.keySet());
        complete.updated().forEach(object -> gone.remove(object.key()));
        List<ClusterObject> changed = complete.updated().stream()
            .filter(object -> !object.equals(objects.get(object.key()))).toList();
        return new ClusterChange(complete.arrivalNanos(), changed, List.copyOf(gone));
    }
}
