package io.weft.perf.micro;

/**
 * How long a combination is measured.
 *
 * @param warmUps iterations before, and {@code measurements} after, of {@code millis} each
 */
record Effort(int warmUps, int measurements, int millis) {
    /** A full set takes ten minutes. */
    static final Effort USUAL = new Effort(3, 3, 1000);
    /** Enough to see what a change did; one and a half minutes. */
    static final Effort QUICK = new Effort(3, 2, 500);

    MicroTask stages(Combination combination) {
        return new MicroTask(MicroTask.Kind.STAGES, combination.way().label(), combination.flows(),
            combination.batch(), (long) warmUps * millis / 2, millis, 1);
    }
}
