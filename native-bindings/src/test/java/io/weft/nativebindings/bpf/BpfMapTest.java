package io.weft.nativebindings.bpf;

import static io.weft.nativebindings.bpf.BpfRegister.R0;
import static io.weft.nativebindings.bpf.BpfRegister.R1;
import static io.weft.nativebindings.bpf.BpfRegister.R10;
import static io.weft.nativebindings.bpf.BpfRegister.R2;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.bpf.BpfAssembler.Atomic;
import io.weft.nativebindings.bpf.BpfAssembler.Condition;
import io.weft.nativebindings.bpf.BpfAssembler.Label;
import io.weft.nativebindings.bpf.BpfAssembler.Size;
import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.MappedMemory;
import io.weft.nativebindings.linux.NativeMemory;
import io.weft.nativebindings.support.Requirements;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class BpfMapTest {
    private static final byte[] FRAME = new byte[64];

    @BeforeAll
    static void needsRoot() {
        Requirements.root();
    }

    @Test
    void hashMapHoldsElementsUntilTheyAreDeleted() {
        try (BpfMap map = BpfMap.hash("test_hash", 8, 4, 2)) {
            assertEquals(Optional.empty(), map.lookup(key(1)));
            map.update(key(1), new byte[]{1, 2, 3, 4});
            map.update(key(1), new byte[]{4, 3, 2, 1});
            map.update(key(2), new byte[4]);
            assertArrayEquals(new byte[]{4, 3, 2, 1}, map.lookup(key(1)).orElseThrow());
            assertEquals(2, map.keys().size());
            LinuxException full = assertThrows(LinuxException.class, () -> map.update(key(3), new byte[4]));
            assertTrue(full.getMessage().endsWith("The map is full: it holds 2"), full.getMessage());
            LinuxException exists = assertThrows(
                LinuxException.class, () -> map.update(key(2), new byte[4], BpfMap.BPF_NOEXIST));
            assertEquals(Errno.EEXIST, exists.errno());
            assertTrue(map.delete(key(1)));
            assertFalse(map.delete(key(1)));
            assertArrayEquals(key(2), map.keys().get(0));
        }
    }

    @Test
    void sizesAreCheckedBeforeTheKernelReadsPastThem() {
        try (BpfMap map = BpfMap.hash("test_hash", 8, 4, 2)) {
            assertThrows(IllegalArgumentException.class, () -> map.update(new byte[7], new byte[4]));
            assertThrows(IllegalArgumentException.class, () -> map.update(key(1), new byte[3]));
            assertThrows(IllegalArgumentException.class, () -> map.lookup(new byte[9]));
            assertThrows(IllegalArgumentException.class, () -> map.delete(new byte[0]));
        }
    }

    @Test
    void longestPrefixWins() {
        try (BpfMap map = BpfMap.lpmTrie("test_lpm", 8, 4, 8)) {
            map.update(prefix(8, 10, 0, 0, 0), new byte[]{8, 0, 0, 0});
            map.update(prefix(24, 10, 244, 1, 0), new byte[]{24, 0, 0, 0});
            assertEquals(24, map.lookup(prefix(32, 10, 244, 1, 7)).orElseThrow()[0]);
            assertEquals(8, map.lookup(prefix(32, 10, 244, 2, 7)).orElseThrow()[0]);
            assertEquals(Optional.empty(), map.lookup(prefix(32, 11, 0, 0, 1)));
        }
    }

    @Test
    void programAndProcessShareAMappedArray() {
        try (BpfMap map = BpfMap.mappableArray("test_mapped", 12, 1000);
            MappedMemory memory = map.mapMemory();
            BpfProgram program = BpfProgram.loadXdp("count", countInElement(map, 999))) {
            assertEquals(16, map.valueStride());
            NativeMemory.putLong(memory.address() + 999 * 16, 40);
            assertEquals(XdpAction.XDP_PASS, program.testRun(FRAME).result());
            program.testRun(FRAME);
            assertEquals(42, NativeMemory.getLong(memory.address() + 999 * 16));
            assertEquals(42, map.lookup(999).orElseThrow()[0]);
            assertThrows(LinuxException.class, () -> map.update(1000, new byte[12]));
        }
    }

    @Test
    void valueIsReachedWithoutACall() {
        try (BpfMap map = BpfMap.array("test_config", 16, 1)) {
            map.update(0, new byte[]{0, 0, 0, 0, 0, 0, 0, 0, XdpAction.XDP_TX, 0, 0, 0, 0, 0, 0, 0});
            BpfAssembler program = new BpfAssembler().loadMapValue(R1, map, 8).load(Size.DW, R0, R1, 0).exit();
            try (BpfProgram loaded = BpfProgram.loadXdp("config", program)) {
                assertEquals(XdpAction.XDP_TX, loaded.testRun(FRAME).result());
                map.update(0, new byte[16]);
                assertEquals(XdpAction.XDP_ABORTED, loaded.testRun(FRAME).result());
            }
        }
    }

    @Test
    void onlyMappableArraysAreMapped() {
        try (BpfMap map = BpfMap.array("test_array", 8, 1)) {
            assertThrows(IllegalStateException.class, map::mapMemory);
            assertThrows(LinuxException.class, () -> map.delete(0));
        }
    }

    private static BpfAssembler countInElement(BpfMap map, int index) {
        BpfAssembler program = new BpfAssembler();
        Label missing = program.label("missing");
        return program.store(Size.W, R10, -4, index)
            .mov(R2, R10)
            .alu(BpfAssembler.Alu.ADD, R2, -4)
            .loadMap(R1, map)
            .call(BpfHelper.MAP_LOOKUP_ELEM)
            .jump(Condition.JEQ, R0, 0, missing)
            .mov(R1, 1)
            .atomic(Atomic.ADD, Size.DW, R0, 0, R1)
            .bind(missing)
            .mov(R0, XdpAction.XDP_PASS)
            .exit();
    }

    private static byte[] key(int number) {
        return new byte[]{(byte) number, 0, 0, 0, 0, 0, 0, 0};
    }

    private static byte[] prefix(int length, int a, int b, int c, int d) {
        return new byte[]{(byte) length, 0, 0, 0, (byte) a, (byte) b, (byte) c, (byte) d};
    }
}
