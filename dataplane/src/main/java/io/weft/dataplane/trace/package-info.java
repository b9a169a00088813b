/**
 * {@code weft trace}, on the side of the dataplane: while a trace is requested, a {@link io.weft.dataplane.trace.FrameTracer} stands before each
 * worker's graph and follows matching frames through it. Without one there is none of this on the packet path ({@code docs/adr/0022}).
 */
package io.weft.dataplane.trace;
