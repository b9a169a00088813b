/**
 * The fast path: packets of known flows between pods, from Ethernet to the sending port, as many at once as a vector register has lanes.
 *
 * <p>{@link io.weft.dataplane.fastpath.FastPath} lists the stages, {@link io.weft.dataplane.fastpath.FastPathFrames} shows the data that they share. Whatever is
 * not eligible takes the slow path, through the nodes of {@code graph.node}; both decide the same. ADR 0006 says why there are two, and which rules stand twice.
 */
package io.weft.dataplane.fastpath;
