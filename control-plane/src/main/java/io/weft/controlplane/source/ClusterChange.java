package io.weft.controlplane.source;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.ObjectKey;
import java.util.List;

/**
 * Objects that were added, changed or deleted, as one step.
 *
 * @param arrivalNanos {@link System#nanoTime} when the source first learnt of it
 * @param complete {@code updated} contains every object: those that are not in it are deleted
 */
public record ClusterChange(
    long arrivalNanos, List<ClusterObject> updated, List<ObjectKey> removed, boolean complete) {

    /** A difference. */
    public ClusterChange(long arrivalNanos, List<ClusterObject> updated, List<ObjectKey> removed) {
        this(arrivalNanos, updated, removed, false);
    }

    public boolean isEmpty() { return !complete && updated.isEmpty() && removed.isEmpty(); }
}
