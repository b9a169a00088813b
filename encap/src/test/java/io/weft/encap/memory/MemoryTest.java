package io.weft.encap.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.nio.ByteOrder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MemoryTest {
    private final Arena arena = Arena.ofConfined();
    private final long at = arena.allocate(128, 64).address();

    @AfterEach
    void free() {
        arena.close();
    }

    @Test
    void networkOrderAtAnyAlignment() {
        for (int shift = 0; shift < 8; shift++) {
            Memory.putI64(at + shift, 0x8182838485868788L);
            assertEquals(0x81, Memory.u8(at + shift));
            assertEquals(0x8182, Memory.u16(at + shift));
            assertEquals(0x81828384, Memory.i32(at + shift));
            assertEquals(0x8182838485868788L, Memory.i64(at + shift));
            Memory.putI32(at + shift, 0xF1F2F3F4);
            Memory.putU16(at + shift + 1, 0xABE1E2);
            Memory.putU8(at + shift + 3, 0x1FF);
            assertEquals(0xF1E1E2FF, Memory.i32(at + shift));
        }
    }

    @Test
    void machineOrder() {
        Memory.putI32(at, 0x01020304);
        boolean little = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
        assertEquals(little ? 0x04030201 : 0x01020304, Memory.nativeI32(at));
        assertEquals(little ? 0x0201 : 0x0102, Memory.nativeU16(at));
        Memory.putNativeI64(at + 3, 0x1122334455667788L);
        assertEquals(0x1122334455667788L, Memory.nativeI64(at + 3));
        Memory.putNativeU16(at, 0xFFFE);
        assertEquals(0xFFFE, Memory.nativeU16(at));
        Memory.putNativeI32(at + 1, -5);
        assertEquals(-5, Memory.nativeI32(at + 1));
    }

    @Test
    void atomicsAgreeWithMachineOrder() {
        Memory.setReleaseI64(at, 41);
        assertEquals(41, Memory.nativeI64(at));
        assertEquals(41, Memory.getAndAddI64(at, 1));
        assertTrue(Memory.compareAndSetI64(at, 42, -1));
        assertFalse(Memory.compareAndSetI64(at, 42, 7));
        assertEquals(-1, Memory.getAcquireI64(at));
        Memory.setReleaseI32(at + 4, 9);
        assertEquals(9, Memory.getAndAddI32(at + 4, 2));
        assertTrue(Memory.compareAndSetI32(at + 4, 11, 12));
        assertFalse(Memory.compareAndSetI32(at + 4, 11, 13));
        assertEquals(12, Memory.getAcquireI32(at + 4));
        Memory.setOpaqueI32(at, 3);
        assertEquals(3, Memory.getOpaqueI32(at));
        Memory.setOpaqueI64(at, 4);
        assertEquals(4, Memory.getOpaqueI64(at));
        Memory.setVolatileI32(at, 5);
        assertEquals(5, Memory.getVolatileI32(at));
        Memory.setVolatileI64(at, 6);
        assertEquals(6, Memory.getVolatileI64(at));
    }

    @Test
    void atomicsRefuseUnalignedAddresses() {
        assertThrows(IllegalArgumentException.class, () -> Memory.getAcquireI64(at + 4));
        assertThrows(IllegalArgumentException.class, () -> Memory.setReleaseI32(at + 2, 1));
    }

    @Test
    void blocks() {
        byte[] in = {1, 2, 3, 4, 5};
        Memory.copyIn(in, 1, at, 4);
        Memory.copy(at, at + 1, 4);
        byte[] out = new byte[6];
        Memory.copyOut(at, out, 0, 5);
        assertArrayEquals(new byte[]{2, 2, 3, 4, 5, 0}, out);
        Memory.zero(at + 1, 3);
        Memory.copyOut(at, out, 0, 5);
        assertArrayEquals(new byte[]{2, 0, 0, 0, 5, 0}, out);
    }

    @Test
    void zeroTouchesExactlyItsRange() {
        for (int length = 0; length < 40; length++) {
            for (int i = 0; i < 64; i++) {
                Memory.putU8(at + i, 0xFF);
            }
            Memory.zero(at + 3, length);
            for (int i = 0; i < 64; i++) {
                assertEquals(i >= 3 && i < 3 + length ? 0 : 0xFF, Memory.u8(at + i));
            }
        }
    }
}
