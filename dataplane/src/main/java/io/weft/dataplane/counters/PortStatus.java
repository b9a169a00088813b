package io.weft.dataplane.counters;

/**
 * A port as the conductor last reported it.
 *
 * @param attachId from the tables; distinguishes a new port of this id from an earlier one
 * @param name the interface
 * @param queues how many of its queues are bound
 * @param mode the XDP mode: zero-copy, native copy, generic
 * @param reason why a better mode is not used, or why opening failed
 */
public record PortStatus(
    int id, PortState state, long attachId, String name, int ifindex, int queues, String mode, String reason) {
}
