package io.weft.dataplane.worker;

import static org.junit.jupiter.api.Assertions.assertFalse;

import io.weft.dataplane.testing.TestNetwork;
import org.junit.jupiter.api.Test;

class FaultPauseTest {
    @Test
    void aFaultPassesAtOnceAndManyArePausedFor() {
        FaultPause pause = new FaultPause();
        assertFalse(pause.pause());
        TestNetwork.await("a pause", pause::pause);
    }
}
