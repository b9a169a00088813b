package io.weft.perf.micro;

/**
 * How long a combination is measured.
 *
 * @param warmUps iterations before, and {@code measurements} after, of {@code millis} each
 */
record Effort(int warmUps, int measurements, int millis) {
    /** Emptying the table takes most of the time of misses, so that they warm up longer. */
    private static final int MISSES = 3;

    /** A full set takes ten minutes. */
    static final Effort USUAL = new Effort(3, 3, 1000);
    /** Enough to see what a change did; two minutes. */
    static final Effort QUICK = new Effort(3, 2, 500);

    MicroTask stages(Combination combination) {
        long warmUp = (long) warmUps * millis * (combination.way().isMiss() ? MISSES : 1);
        return new MicroTask(MicroTask.Kind.STAGES, combination.way().label(), combination.flows(),
            combination.batch(), warmUp, millis, 1);
    }
}
