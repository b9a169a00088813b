package io.weft.perf.compare;

/** Frames that are generated from now on until it is closed. */
interface Load extends AutoCloseable {
    /** Frames sent so far. */
    long sent();

    /** The kernel's id of the generating thread. */
    int thread();

    @Override
    void close();
}
