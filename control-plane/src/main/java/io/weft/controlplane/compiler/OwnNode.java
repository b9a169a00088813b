package io.weft.controlplane.compiler;

import io.weft.controlplane.model.ClusterNode;
import io.weft.dataplane.table.LocalNode;
import java.util.Optional;

/**
 * This node, as the control loop knows it.
 *
 * @param local what the tables say of it; empty while it cannot be described
 * @param object its Node, as the source last reported it
 * @param problem why {@code object} is not in force, in one line; empty if it is
 * @param incarnation of the tables
 * @param fault why the cluster is not followed at present, in one line; empty while it is
 */
public record OwnNode(
    Optional<LocalNode> local, Optional<ClusterNode> object, String problem, long incarnation, String fault) {
}
