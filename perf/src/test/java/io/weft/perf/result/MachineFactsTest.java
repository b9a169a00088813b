package io.weft.perf.result;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class MachineFactsTest {
    private static final List<String> LINES = List.of("model name\t: Some CPU @ 2: 3 GHz", "cpu MHz\t\t: 2300.500",
        "MemTotal:       24684512 kB");

    @Test
    void readsValuesOfKeys() {
        assertEquals("Some CPU @ 2: 3 GHz", MachineFacts.value(LINES, "model name"));
        assertEquals("unknown", MachineFacts.value(LINES, "flags"));
        assertEquals(2300.5, MachineFacts.number(MachineFacts.value(LINES, "cpu MHz")));
        assertEquals(24_684_512, MachineFacts.number(MachineFacts.value(LINES, "MemTotal")));
        assertEquals(0, MachineFacts.number("unknown"));
    }

    @Test
    void countsCyclesByTheRateOfTheProcessor() {
        MachineFacts facts = new MachineFacts("cpu", 2, 2300, true, 1024, "6.18", "25", "0", "tsc", "abc", "now");
        assertEquals(23, facts.cycles(10), 1e-9);
        assertTrue(facts.summary().contains("2 cores, 2300 MHz (virtual)"));
    }

    @Test
    void knowsThisMachine() {
        MachineFacts facts = MachineFacts.read();
        assertTrue(facts.cores() > 0);
        assertTrue(facts.memoryMib() > 0);
        assertTrue(MachineFacts.availableMib() > 0);
        assertFalse(facts.date().isEmpty());
    }
}
