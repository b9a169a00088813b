package io.weft.dataplane.counters;

/**
 * A port as the conductor last described it.
 *
 * @param attachId as the tables gave it; tells a new port of this id from a former one
 * @param name the interface
 * @param queues how many of its queues are bound
 * @param mode the rung of the capability ladder: zero-copy, native copy, generic
 * @param reason why no higher rung, or why it failed
 */
public record PortStatus(
    int id, PortState state, long attachId, String name, int ifindex, int queues, String mode, String reason) {
}
