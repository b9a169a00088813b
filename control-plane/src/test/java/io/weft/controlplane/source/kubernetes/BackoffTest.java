package io.weft.controlplane.source.kubernetes;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BackoffTest {
    @Test
    void pausesAreSteadyAtFirstThenDoubleUpToTheLimit() {
        Backoff backoff = new Backoff(3, Duration.ofSeconds(1), Duration.ofSeconds(5));
        for (int round = 0; round < 2; round++) {
            for (long length : new long[]{1000, 1000, 1000, 2000, 4000, 5000, 5000}) {
                long pause = backoff.next().toMillis();
                assertTrue(pause >= length / 2 && pause <= length, pause + " of " + length);
            }
            backoff.reset();
        }
    }

    @Test
    void pausesOfManyNodesDiffer() {
        Set<Duration> pauses = new HashSet<>();
        for (int i = 0; i < 1000; i++) {
            pauses.add(new Backoff(1, Duration.ofSeconds(1), Duration.ofSeconds(30)).next());
        }
        assertTrue(pauses.size() > 200, pauses.size() + " different pauses");
    }
}
