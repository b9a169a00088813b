package io.weft.perf.compare;

import io.weft.perf.result.MachineFacts;
import java.util.List;

/**
 * The result of {@code weft bench compare}, which is the JSON file.
 *
 * @param kind {@value #KIND}
 * @param started ISO 8601
 */
record Comparison(
    String kind, MachineFacts machine, String started, Settings settings, List<LeftOut> leftOut,
    List<Series> series, List<Ratio> ratios) {
    static final String KIND = "compare";
}
