package io.weft.controlplane.journal;

import io.weft.controlplane.model.ClusterObject;
import java.util.List;

/**
 * All cluster objects at one moment.
 *
 * @param revision grows with every change of an object
 */
public record Snapshot(long revision, List<ClusterObject> objects) {
}
