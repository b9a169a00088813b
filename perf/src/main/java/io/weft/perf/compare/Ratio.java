package io.weft.perf.compare;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.weft.perf.result.Spread;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Weft's packets per core-second over another system's, round by round.
 *
 * @param goal the minimum wanted, or null
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Ratio(String weft, String peer, Double goal, Spread ratio) {

    /** From the rounds that both have; empty if there are none. */
    static Optional<Ratio> of(Series weft, Series peer, Double goal) {
        List<Double> ratios = new ArrayList<>();
        for (Sample own : weft.counted()) {
            peer.counted().stream()
                .filter(other -> other.round() == own.round() && other.mppsPerCore() > 0)
                .forEach(other -> ratios.add(own.mppsPerCore() / other.mppsPerCore()));
        }
        return ratios.isEmpty()
            ? Optional.empty()
            : Optional.of(new Ratio(weft.name(), peer.name(), goal, Spread.of(ratios)));
    }
}
