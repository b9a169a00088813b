package io.weft.perf.compare;

/** Frames being made, from now until it is closed. */
interface Load extends AutoCloseable {
    /** Frames put in so far. */
    long sent();

    /** The kernel's number of the thread that makes them. */
    int thread();

    @Override
    void close();
}
