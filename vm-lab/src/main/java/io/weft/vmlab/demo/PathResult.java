package io.weft.vmlab.demo;

import org.HdrHistogram.AbstractHistogram;

/**
 * The verdict on one path.
 *
 * @param path what was tested, for example "pod on n1 → pod on n2, TCP both ways"
 * @param passed whether everything that was sent arrived as expected
 * @param detail figures, or what went wrong
 * @param latencyNanos round trips or request times in nanoseconds; null if the path has none
 */
public record PathResult(String path, boolean passed, String detail, AbstractHistogram latencyNanos) {
    static PathResult passed(String path, String detail, AbstractHistogram latencyNanos) {
        return new PathResult(path, true, detail, latencyNanos);
    }

    static PathResult failed(String path, String detail) {
        return new PathResult(path, false, detail, null);
    }
}
