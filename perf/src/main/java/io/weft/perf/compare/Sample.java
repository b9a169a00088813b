package io.weft.perf.compare;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * One measurement.
 *
 * @param round in which it was taken
 * @param overload whether the generator sent as fast as it could; else just above what the contender takes
 * @param offeredMpps put in, million packets a second
 * @param mpps arrived at the sink
 * @param coreSeconds of the contender for each second
 * @param coreSecondsByIdle the same from the cores' idle time, with everything else on the machine in it
 * @param softirqCores of {@code coreSeconds}, what ran in the generator's context and in ksoftirqd
 * @param mppsPerCore packets at the sink a core-second, millions
 * @param loss share of those put in that did not arrive
 * @param asExpected share of those arrived that had the right port, and lay in a tunnel if they were to
 * @param framesPerBatch if the contender says, else 0
 */
record Sample(
    int round, boolean overload, double offeredMpps, double mpps, double coreSeconds, double coreSecondsByIdle,
    double softirqCores, double mppsPerCore, double loss, double asExpected, double framesPerBatch) {
    /** Cores that others may use before a sample is said to be disturbed. */
    private static final double OTHERS_MAY_USE = 0.25;
    private static final double HARDLY_ANY_LOSS = 0.01;

    /** Whether it was sent more than it takes: some of it was lost. */
    @JsonProperty
    boolean saturated() {
        return loss > HARDLY_ANY_LOSS;
    }

    /** Whether something else than the contender and the generator had much of the two cores. */
    @JsonProperty
    boolean disturbed() {
        return coreSecondsByIdle - coreSeconds > OTHERS_MAY_USE;
    }
}
