package io.weft.perf.result;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class SpreadTest {
    @Test
    void takesQuantilesBetweenValues() {
        assertEquals(new Spread(2.5, 1, 1.75, 3.25, 4, 4), Spread.of(4, 1, 3, 2));
        assertEquals(new Spread(7, 7, 7, 7, 7, 1), Spread.of(7));
        assertEquals(3, Spread.of(List.of(9.0, 1.0, 3.0)).median());
    }

    @Test
    void refusesNothing() {
        assertThrows(IllegalArgumentException.class, Spread::of);
        assertThrows(IllegalArgumentException.class, () -> Spread.of(List.of()));
    }

    @Test
    void textHasMedianAndRange() {
        assertEquals("2.50 (1.00-4.00)", Spread.of(1, 2, 3, 4).text("%.2f"));
    }
}
