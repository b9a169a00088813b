package io.weft.dataplane.explain;

import io.weft.dataplane.state.ForwardingState;
import java.util.function.Supplier;

/**
 * All that a frame's path through a node depends on, without the node's devices.
 *
 * @param state not the one that workers use: a run writes to parts of it
 * @param flows a private copy of the flow table for each run, as it is at that moment
 * @param adjacencies slots that the state's adjacencies have
 */
public record NodeImage(ForwardingState state, Supplier<PrivateFlows> flows, NodeNames names, int adjacencies) {
}
