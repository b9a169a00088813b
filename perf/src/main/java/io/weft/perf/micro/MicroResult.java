package io.weft.perf.micro;

import io.weft.perf.MachineFacts;

/**
 * What one case cost.
 *
 * @param name the frames' way
 * @param flows different flows, in random order
 * @param batch frames that the graph is given at once
 * @param nsPerPacket median over the iterations, what writing the frames costs taken off
 * @param bytesPerPacket heap bytes allocated
 */
public record MicroResult(
    String name, int flows, int batch, double nsPerPacket, double bytesPerPacket, MachineFacts machine) {
}
