package io.weft.perf.traffic;

/**
 * The VXLAN header around test frames that imitate a remote node's traffic: outer addresses, all host-numeric. The outer source port
 * follows the flow number, the outer checksum is 0 (RFC 7348 sections 4.3 and 5).
 */
public record Tunnel(long destinationMac, long sourceMac, int source, int destination, int port, int vni) {}
