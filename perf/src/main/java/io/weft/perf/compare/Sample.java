package io.weft.perf.compare;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * One measurement.
 *
 * @param round in which it was taken
 * @param overload whether the generator sent as fast as it could; otherwise slightly more than the system can take
 * @param offeredMpps sent, million packets per second
 * @param mpps arrived at the sink
 * @param coreSeconds of the system under test per second
 * @param coreSecondsByIdle the same, from the cores' idle time, so including everything else on the machine
 * @param softirqCores part of {@code coreSeconds} that ran in the generator's context and in ksoftirqd
 * @param mppsPerCore packets at the sink per core-second, millions
 * @param loss share of the packets sent that did not arrive
 * @param asExpected share of the packets arrived that had the right port, and were in a tunnel if the workload uses one
 * @param framesPerBatch if the system reports it, otherwise 0
 */
record Sample(
    int round, boolean overload, double offeredMpps, double mpps, double coreSeconds, double coreSecondsByIdle,
    double softirqCores, double mppsPerCore, double loss, double asExpected, double framesPerBatch) {
    /** Cores that other processes may use before a sample counts as disturbed. */
    private static final double OTHERS_MAY_USE = 0.25;
    private static final double HARDLY_ANY_LOSS = 0.01;

    /** Whether the load was more than the system could take: some of it was lost. */
    @JsonProperty
    boolean saturated() {
        return loss > HARDLY_ANY_LOSS;
    }

    /** Whether other processes than the system under test and the generator used much of the two cores. */
    @JsonProperty
    boolean disturbed() {
        return coreSecondsByIdle - coreSeconds > OTHERS_MAY_USE;
    }
}
