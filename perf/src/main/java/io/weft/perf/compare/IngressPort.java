package io.weft.perf.compare;

import java.nio.file.Path;

/**
 * Where frames enter, and what they look like: UDP over IPv4, host-numeric addresses, MAC addresses in the low 48 bits.
 *
 * @param netns of the device
 * @param device the sender's end of a veth
 * @param destinationMac the address that the system under test answers to
 * @param port UDP destination port
 */
record IngressPort(
    Path netns, String device, long destinationMac, long sourceMac, int source, int destination, int port) {}
