package io.weft.encap.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EcnTest {
    /** RFC 6040 figure 4. */
    @ParameterizedTest
    @CsvSource(textBlock = """
        # inner, outer Not-ECT, outer ECT(0), outer ECT(1), outer CE
        0,                   0,            0,            0,       -1
        2,                   2,            2,            1,        3
        1,                   1,            1,            1,        3
        3,                   3,            3,            3,        3
        """)
    void leavingATunnel(int inner, int whenNotEct, int whenEct0, int whenEct1, int whenCe) {
        assertEquals(whenNotEct, Ecn.decapsulate(0xFC | Ecn.NOT_ECT, 0x54 | inner));
        assertEquals(whenEct0, Ecn.decapsulate(0xFC | Ecn.ECT_0, 0x54 | inner));
        assertEquals(whenEct1, Ecn.decapsulate(0xFC | Ecn.ECT_1, 0x54 | inner));
        assertEquals(whenCe, Ecn.decapsulate(0xFC | Ecn.CE, 0x54 | inner));
    }

    @Test
    void enteringATunnelCopiesTheInnerBits() {
        for (int inner = 0; inner < 4; inner++) {
            assertEquals(0xB8 | inner, Ecn.encapsulate(0xBB, 0x14 | inner));
            assertEquals(inner, Ecn.encapsulate(0, 0xFC | inner));
            assertEquals(inner, Ecn.of(0xFC | inner));
        }
    }
}
