package io.weft.controlplane.source;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.ObjectKey;
import java.util.List;

/**
 * Objects that appeared, changed or went, as one step.
 *
 * @param arrivalNanos {@link System#nanoTime} when the source first heard of it
 * @param complete {@code updated} is everything there is: what is not in it is gone
 */
public record ClusterChange(
    long arrivalNanos, List<ClusterObject> updated, List<ObjectKey> removed, boolean complete) {

    /** A difference. */
    public ClusterChange(long arrivalNanos, List<ClusterObject> updated, List<ObjectKey> removed) {
        this(arrivalNanos, updated, removed, false);
    }

    public boolean isEmpty() { return !complete && updated.isEmpty() && removed.isEmpty(); }
}
