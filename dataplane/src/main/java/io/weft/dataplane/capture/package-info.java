/**
 * {@code weft capture}, on the side of the dataplane: while a capture is requested, every port of a worker is behind a {@link
 * io.weft.dataplane.capture.CapturePort}, which copies matching frames into a ring in a mapped file. Without one there is none of this on the
 * packet path ({@code docs/adr/0018}).
 */
package io.weft.dataplane.capture;
