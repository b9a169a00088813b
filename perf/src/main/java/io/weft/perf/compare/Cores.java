package io.weft.perf.compare;

/**
 * The two cores of a comparison.
 *
 * @param generator makes the frames and does nothing else, but for the receive softirq that the kernel runs where a frame was sent
 * @param contender everything else: the device under test, its transmit, and the sink
 */
record Cores(int generator, int contender) {
    Cores {
        if (generator < 0 || contender < 0 || generator == contender) {
            throw new IllegalArgumentException(
                "cores " + generator + " and " + contender + ": want two different ones");
        }
    }
}
