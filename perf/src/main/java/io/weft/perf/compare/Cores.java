package io.weft.perf.compare;

/**
 * The two cores of a comparison.
 *
 * @param generator makes the frames and does nothing else, but for the receive softirq that the kernel runs where a frame was sent
 * @param system everything else: the device under test, its transmit, and the sink
 */
record Cores(int generator, int system) {
    Cores {
        if (generator < 0 || system < 0 || generator == system) {
            throw new IllegalArgumentException(
                "cores " + generator + " and " + system + ": want two different ones");
        }
    }
}
