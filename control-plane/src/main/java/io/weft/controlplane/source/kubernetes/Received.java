package io.weft.controlplane.source.kubernetes;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.ObjectKey;
import java.util.Optional;

/**
 * An object of the API, reduced to Weft's model when it arrived.
 *
 * @param version metadata.resourceVersion
 * @param object empty if it is wrong, or for another proxy
 * @param error {@code field: what is wrong}; empty if nothing is
 */
record Received(ObjectKey key, String version, Optional<ClusterObject> object, String error) {
}
