package io.weft.perf.compare;

/**
 * The two cores of a comparison.
 *
 * @param generator generates the frames and does nothing else, except the receive softirq, which the kernel runs where a frame was sent
 * @param system everything else: the system under test, its transmit path, and the sink
 */
record Cores(int generator, int system) {
    Cores {
        if (generator < 0 || system < 0 || generator == system) {
            throw new IllegalArgumentException(
                "cores " + generator + " and " + system + ": must be different");
        }
    }
}
