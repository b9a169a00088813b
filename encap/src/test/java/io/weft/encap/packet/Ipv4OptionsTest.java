package io.weft.encap.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.encap.Frames;
import io.weft.encap.memory.Memory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Ipv4OptionsTest {
    private final Frames frames = new Frames(1);

    @AfterEach
    void free() {
        frames.close();
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
        no operation and end,       01010100,           0
        all no operation,           01010101,           0
        end hides the rest,         00830000,           0
        record route,               07070400000000 00,  0
        unknown option,             5e020101,           0
        loose source route,         83070400000000 00, -8
        strict source route,        01890704000000 00, -8
        source route of length 0,   83000000,          -8
        length 0,                   07000000,          -7
        length 1,                   07010000,          -7
        length past the header,     07050000,          -7
        no room for the length,     01010107,          -7
        ends with the header,       01010702,           0
        """)
    void validate(String name, String options, int code) {
        byte[] bytes = Frames.bytes(options);
        long at = frames.atEnd(20 + bytes.length);
        Memory.copyIn(bytes, 0, at + 20, bytes.length);
        assertEquals(code, Ipv4Options.validate(at, 20 + bytes.length), name);
    }

    @Test
    void noOptions() {
        assertEquals(0, Ipv4Options.validate(frames.atEnd(20), 20));
    }
}
