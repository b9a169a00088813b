package io.weft.perf.traffic.bed;

import java.io.IOException;

/** A {@link Wire} and what has to be taken down after it. */
public interface TestBed extends AutoCloseable {
    Wire wire();

    @Override
    void close() throws IOException;
}
