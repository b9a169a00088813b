package io.weft.perf.compare;

/**
 * How a comparison is taken.
 *
 * @param pairs rounds
 * @param seconds of one measurement
 * @param warmUpSeconds of load before it
 * @param frameBytes without the frame check sequence
 */
record Settings(int pairs, double seconds, double warmUpSeconds, int flows, int frameBytes, Cores cores) {
    static final int FRAME_BYTES = 60;
}
