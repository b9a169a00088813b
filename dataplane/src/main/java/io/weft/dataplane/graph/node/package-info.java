/**
 * The nodes of the slow path, each of which does one thing to the frames on its list, and their helpers. {@code ForwardingGraph} wires them;
 * {@link io.weft.dataplane.graph.node.GraphNode} is what they have in common. Class names follow the names of the nodes, which are VPP's:
 * {@code Ip4Input} is {@code ip4-input} in counters and tests.
 */
package io.weft.dataplane.graph.node;
