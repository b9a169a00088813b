package io.weft.dataplane.conductor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TeardownTest {
    private final List<String> taken = new ArrayList<>();

    @Test
    void runsStepsInReverseOrderOnceEvenAfterAFailure() {
        Teardown teardown = new Teardown();
        teardown.add("first", () -> taken.add("first"));
        teardown.add("second", () -> {
            taken.add("second");
            throw new IllegalStateException("is gone already");
        });
        teardown.add("third", () -> taken.add("third"));
        teardown.close();
        assertEquals(List.of("third", "second", "first"), taken);
        teardown.close();
        assertEquals(3, taken.size());
    }
}
