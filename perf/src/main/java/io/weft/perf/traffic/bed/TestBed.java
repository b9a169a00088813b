package io.weft.perf.traffic.bed;

import java.io.IOException;

/** A {@link Wire} and what must be removed after it. */
public interface TestBed extends AutoCloseable {
    Wire wire();

    @Override
    void close() throws IOException;
}
