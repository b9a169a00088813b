package io.weft.perf.compare;

/**
 * Parameters of a comparison.
 *
 * @param pairs rounds
 * @param seconds of one measurement
 * @param warmUpSeconds of load before it
 * @param frameBytes without the FCS
 */
record Settings(int pairs, double seconds, double warmUpSeconds, int flows, int frameBytes, Cores cores) {
    static final int FRAME_BYTES = 60;
}
