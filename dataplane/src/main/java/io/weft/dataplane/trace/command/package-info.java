/** {@code weft trace}, the command: asks the dataplane to follow frames and says what has become of them. */
package io.weft.dataplane.trace.command;
