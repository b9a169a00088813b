package io.weft.controlplane.api.events;

/**
 * Something that has changed on the node.
 *
 * @param id increases with each event of this control plane
 * @param time ISO 8601, UTC
 * @param type what has changed: {@code dataplane}, {@code port}, {@code tables}, {@code source}, {@code control-loop}, {@code problem} or
 *     {@code failure}
 * @param subject name of the thing; empty if there is only one
 * @param state its new state, a word
 * @param detail why, or more about it; may be empty
 */
record Event(long id, String time, String type, String subject, String state, String detail) {
}
