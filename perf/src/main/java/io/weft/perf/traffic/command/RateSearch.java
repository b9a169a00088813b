package io.weft.perf.traffic.command;

import java.util.ArrayList;
import java.util.List;

/**
 * Finds the highest rate at which a device under test loses no more than allowed: the throughput of RFC 1242, found as in RFC 2544 section
 * 26.1, by trials of equal length that halve the interval around the limit.
 *
 * @param lossAllowed share of frames that may be lost, 0 for none
 * @param resolution share of the rate at which the search ends
 */
public record RateSearch(double lossAllowed, double resolution) {
    private static final int MAX_TRIALS = 40;
    private static final double GROWTH = 2;
    /** Where to start, as a share of overload, with a device that passes almost nothing in overload. */
    private static final double MIN_START = 0.001;

    /** A generator that sends less than this share of the requested rate is itself the limit. */
    private static final double KEPT_UP = 0.98;

    /** One trial at one rate. */
    @FunctionalInterface
    public interface Trial<E extends Exception> {
        /** Sends at {@code rate} frames per second, or as fast as possible if 0. */
        Outcome run(double rate) throws E;
    }

    /**
     * The result of a trial.
     *
     * @param rate requested, 0 for overload
     * @param sentRate frames per second that were sent
     */
    public record Outcome(double rate, double sentRate, long sent, long received) {
        public double loss() {
            return sent == 0 ? 0 : Math.max(0, (double) (sent - received) / sent);
        }

        double receivedRate() {
            return sent == 0 ? 0 : sentRate * received / sent;
        }
    }

    /**
     * The result of a search.
     *
     * @param rate frames per second, 0 if even the lowest rate lost too much
     * @param generatorLimited whether the generator, not the device under test, set the limit
     */
    public record Found(double rate, boolean generatorLimited, Outcome overload, List<Outcome> trials) {
    }

    /** Starts with an overload trial, which shows where to search. */
    public <E extends Exception> Found run(Trial<E> trial) throws E {
        List<Outcome> trials = new ArrayList<>();
        Outcome overload = trial.run(0);
        if (passes(overload)) { return new Found(overload.sentRate(), true, overload, trials); }
        double low = 0;
        double high = Math.max(overload.receivedRate() * GROWTH, overload.sentRate() * MIN_START);
        high = Math.min(high, overload.sentRate());
        boolean bounded = false;
        while (trials.size() < MAX_TRIALS && (!bounded || high - low > resolution * high)) {
            double rate = bounded ? (low + high) / 2 : high;
            Outcome outcome = trial.run(rate);
            trials.add(outcome);
            if (!passes(outcome)) {
                bounded = true;
                high = rate;
            } else if (outcome.sentRate() < rate * KEPT_UP) {
                return new Found(outcome.sentRate(), true, overload, trials);
            } else {
                low = rate;
                if (!bounded) { high = rate * GROWTH; }
            }
            if (high < 1) { break; }
        }
        return new Found(low, false, overload, trials);
    }

    private boolean passes(Outcome outcome) {
        return outcome.sent() > 0 && outcome.loss() <= lossAllowed;
    }
}
