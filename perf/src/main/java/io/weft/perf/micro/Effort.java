package io.weft.perf.micro;

/**
 * How long a combination is measured.
 *
 * @param warmUps iterations before the measurement, and {@code measurements} after, of {@code millis} each
 */
record Effort(int warmUps, int measurements, int millis) {
    /** Emptying the table takes most of the time of misses, so they warm up longer. */
    private static final int MISSES = 3;

    /** A full run takes ten minutes. */
    static final Effort USUAL = new Effort(3, 3, 1000);
    /** Enough to see the effect of a change; two minutes. */
    static final Effort QUICK = new Effort(3, 2, 500);

    MicroTask stages(Combination combination) {
        long warmUp = (long) warmUps * millis * (combination.trafficCase().isMiss() ? MISSES : 1);
        return new MicroTask(MicroTask.Kind.STAGES, combination.trafficCase().label(), combination.flows(),
            combination.batch(), warmUp, millis, 1);
    }
}
