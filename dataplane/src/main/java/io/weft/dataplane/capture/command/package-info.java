/** {@code weft capture}, the command: asks the dataplane for frames and writes them as pcapng or as text. */
package io.weft.dataplane.capture.command;
