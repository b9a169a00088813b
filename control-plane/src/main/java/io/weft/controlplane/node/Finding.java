package io.weft.controlplane.node;

/**
 * Something that an operator should know.
 *
 * @param message one line
 */
record Finding(EventReason reason, String message) {
}
