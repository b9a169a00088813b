package io.weft.perf.traffic;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.encap.checksum.InternetChecksum;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/** Specs and checks that the tests of this package share. */
public final class Frames {
    static final long MAC_A = 0x02_00_00_00_00_0AL;
    static final long MAC_B = 0x02_00_00_00_00_0BL;
    static final int SOURCE = 0x0A_01_00_02;
    static final int DESTINATION = 0x0A_02_00_02;
    static final int PORT = 4000;
    static final Tunnel TUNNEL = new Tunnel(MAC_B, MAC_A, 0xC0_00_02_01, 0xC0_00_02_02, 8472, 1);

    private Frames() {}

    static FrameSpec spec(Flows flows, FrameSizes sizes) {
        return new FrameSpec(MAC_B, MAC_A, SOURCE, DESTINATION, PORT, flows, sizes);
    }

    /** Fails unless the inner frame at {@code at} has correct lengths and checksums. */
    public static void assertSound(byte[] frame, int at) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocate(frame.length, 8);
            MemorySegment.copy(frame, 0, copy, ValueLayout.JAVA_BYTE, 0, frame.length);
            long ip = copy.address() + at + FrameTemplate.ETHERNET_LENGTH;
            int ipLength = frame.length - at - FrameTemplate.ETHERNET_LENGTH;
            assertEquals(ipLength, u16(frame, at + 16), "IP total length");
            assertEquals(ipLength - 20, u16(frame, at + 38), "UDP length");
            assertEquals(0, InternetChecksum.ipv4Header(ip, 20), "IP checksum");
            assertEquals(0, InternetChecksum.l4(ip, ip + 20, ipLength - 20), "UDP checksum");
        }
    }

    static int u16(byte[] frame, int at) {
        return Short.toUnsignedInt(ByteBuffer.wrap(frame).getShort(at));
    }

    static int i32(byte[] frame, int at) {
        return ByteBuffer.wrap(frame).getInt(at);
    }

    static long i64(byte[] frame, int at) {
        return ByteBuffer.wrap(frame).getLong(at);
    }
}
