package io.weft.perf.traffic.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.perf.traffic.command.RateSearch.Found;
import io.weft.perf.traffic.command.RateSearch.Outcome;
import org.junit.jupiter.api.Test;

class RateSearchTest {
    private static final double GENERATOR = 10e6;
    private static final double RESOLUTION = 0.01;

    @Test
    void findsTheCapacityOfADeviceThatDropsTheExcess() {
        Found found = new RateSearch(0, RESOLUTION).run(rate -> device(rate, 1_234_567, 1_234_567));
        assertEquals(1_234_567, found.rate(), 1_234_567 * 2 * RESOLUTION);
        assertFalse(found.generatorLimited());
        assertTrue(found.rate() <= 1_234_567);
    }

    @Test
    void findsItWhenOverloadMakesTheDeviceSlower() {
        Found found = new RateSearch(0, RESOLUTION).run(rate -> device(rate, 900_000, 50_000));
        assertEquals(900_000, found.rate(), 900_000 * 2 * RESOLUTION);
    }

    @Test
    void findsItWhenNothingPassesInOverload() {
        Found found = new RateSearch(0, RESOLUTION).run(rate -> device(rate, 300_000, 0));
        assertEquals(300_000, found.rate(), 300_000 * 2 * RESOLUTION);
    }

    @Test
    void someLossMayBeAllowed() {
        RateSearch.Trial<RuntimeException> lossy = rate -> {
            double sent = rate == 0 ? GENERATOR : rate;
            return new Outcome(rate, sent, (long) sent, (long) (Math.min(sent, 500_000) * 0.9995));
        };
        assertTrue(new RateSearch(0, RESOLUTION).run(lossy).rate() < 10_000);
        assertEquals(500_000, new RateSearch(0.001, RESOLUTION).run(lossy).rate(), 500_000 * 2 * RESOLUTION);
    }

    @Test
    void reportsADeviceFasterThanTheGenerator() {
        Found found = new RateSearch(0, RESOLUTION).run(rate -> device(rate, 2 * GENERATOR, 2 * GENERATOR));
        assertTrue(found.generatorLimited());
        assertEquals(GENERATOR, found.rate());
    }

    @Test
    void aDeviceThatPassesNothingHasNoThroughput() {
        Found found = new RateSearch(0, RESOLUTION).run(rate -> device(rate, 0, 0));
        assertEquals(0, found.rate());
    }

    @Test
    void lossIsAShareOrPercent() {
        assertEquals(0.001, ThroughputCommand.parseLoss("0.1%"), 1e-12);
        assertEquals(0.001, ThroughputCommand.parseLoss("0.001"), 1e-12);
        assertThrows(IllegalArgumentException.class, () -> ThroughputCommand.parseLoss("few"));
        assertThrows(IllegalArgumentException.class, () -> ThroughputCommand.parseLoss("100%"));
    }

    /** One second of a device that forwards {@code capacity} frames, and only {@code overloaded} when more come. */
    private static Outcome device(double rate, double capacity, double overloaded) {
        double sent = rate == 0 ? GENERATOR : Math.min(rate, GENERATOR);
        return new Outcome(rate, sent, (long) sent, (long) (sent <= capacity ? sent : overloaded));
    }
}
