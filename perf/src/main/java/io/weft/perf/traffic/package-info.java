/**
 * Test traffic: UDP frames of chosen sizes and flows, sent by AF_XDP or made by the kernel itself (live frames), and what
 * counts them at the other end. Every frame carries a {@link io.weft.perf.traffic.ProbePayload}.
 */
package io.weft.perf.traffic;
