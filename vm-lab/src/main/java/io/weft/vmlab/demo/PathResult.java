package io.weft.vmlab.demo;

import org.HdrHistogram.AbstractHistogram;

/**
 * The verdict on one path.
 *
 * @param path what was tried, for one "pod on n1 → pod on n2, TCP both ways"
 * @param passed whether everything that was sent arrived as it should
 * @param detail figures, or what went wrong
 * @param latencyNs round trips or request times in nanoseconds; null where the path has none
 */
public record PathResult(String path, boolean passed, String detail, AbstractHistogram latencyNs) {
    static PathResult passed(String path, String detail, AbstractHistogram latencyNs) {
        return new PathResult(path, true, detail, latencyNs);
    }

    static PathResult failed(String path, String detail) {
        return new PathResult(path, false, detail, null);
    }
}
