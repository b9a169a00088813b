package io.weft.dataplane.capture;

/** One observation that is under way, whose workers write to the rings of a file. Thread: the conductor. Cold code. */
public abstract class RingObservation implements Observation {
    private final RingFile file;

    protected RingObservation(RingFile file) {
        this.file = file;
    }

    @Override
    public final boolean isAbandoned(long nowNanos) {
        return file.isAbandoned(nowNanos);
    }

    @Override
    public final void close() {
        file.end();
        file.close();
    }
}
