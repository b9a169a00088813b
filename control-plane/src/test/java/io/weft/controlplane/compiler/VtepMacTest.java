package io.weft.controlplane.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VtepMacTest {
    private static final long IN_USE = 0x02_11_22_33_44_55L;

    @TempDir private Path state;

    @Test
    void isDerivedFromTheNameAtFirstAndThenKept() throws IOException {
        long first = VtepMac.keep(state, "n1", OptionalLong.empty(), OptionalLong::empty);
        assertEquals(VtepMac.ofNode("n1"), first);
        assertEquals(first, VtepMac.keep(state, "renamed", OptionalLong.of(IN_USE), OptionalLong::empty));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "damaged", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01",
        "02:11:22:33:44"})
    void rewritesADamagedFileWithTheAddressInUse(String content) throws IOException {
        Files.writeString(state.resolve("vtep-mac"), content);
        assertEquals(IN_USE, VtepMac.keep(state, "n1", OptionalLong.of(IN_USE), OptionalLong::empty));
        assertEquals("02:11:22:33:44:55\n", Files.readString(state.resolve("vtep-mac")));
    }

    @Test
    void adoptsTheAddressThatPeersKnowIfTheFileIsLost() throws IOException {
        assertEquals(IN_USE, VtepMac.keep(state, "n1", OptionalLong.empty(), () -> OptionalLong.of(IN_USE)));
        assertEquals(IN_USE, VtepMac.keep(state, "n1", OptionalLong.empty(), Assertions::fail));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 0xFFFF_FFFF_FFFFL, 0x01_00_5E_00_00_01L})
    void adoptsOnlyAUnicastAddress(long published) throws IOException {
        assertEquals(VtepMac.ofNode("n1"),
            VtepMac.keep(state, "n1", OptionalLong.empty(), () -> OptionalLong.of(published)));
    }

    @Test
    void bytesThatAreNotTextCountAsDamage() throws IOException {
        Files.write(state.resolve("vtep-mac"), new byte[]{(byte) 0xC3, (byte) 0x28, (byte) 0xFF});
        assertEquals(VtepMac.ofNode("n1"), VtepMac.keep(state, "n1", OptionalLong.empty(), OptionalLong::empty));
    }
}
