package io.weft.nativebindings.bpf;

import static io.weft.nativebindings.bpf.BpfRegister.R0;
import static io.weft.nativebindings.bpf.BpfRegister.R1;
import static io.weft.nativebindings.bpf.BpfRegister.R2;
import static io.weft.nativebindings.bpf.BpfRegister.R3;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.bpf.BpfAssembler.Alu;
import io.weft.nativebindings.bpf.BpfAssembler.Condition;
import io.weft.nativebindings.bpf.BpfAssembler.Label;
import io.weft.nativebindings.bpf.BpfAssembler.Size;
import io.weft.nativebindings.bpf.BpfProgram.TestRun;
import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.MappedMemory;
import io.weft.nativebindings.linux.NativeMemory;
import io.weft.nativebindings.linux.ThreadInterrupt;
import io.weft.nativebindings.support.Requirements;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class BpfProgramTest {
    @BeforeAll
    static void needsRoot() {
        Requirements.root();
    }

    @Test
    void decidesByEtherType() {
        BpfAssembler program = new BpfAssembler();
        Label pass = program.label("pass");
        boundsCheck(program, 14, pass);
        program.load(Size.H, R2, R1, 12)
            .jump(Condition.JNE, R2, BpfAssembler.hostShort(0x0806), pass)
            .mov(R0, XdpAction.XDP_DROP)
            .exit()
            .bind(pass)
            .mov(R0, XdpAction.XDP_PASS)
            .exit();
        try (BpfProgram loaded = BpfProgram.loadXdp("ethertype", program)) {
            assertEquals(XdpAction.XDP_DROP, loaded.testRun(frame(0x0806)).result());
            TestRun passed = loaded.testRun(frame(0x0800));
            assertEquals(XdpAction.XDP_PASS, passed.result());
            assertArrayEquals(frame(0x0800), passed.data());
            assertTrue(loaded.id() > 0);
            assertEquals("ethertype", BpfProgram.byId(loaded.id()).name());
        }
    }

    @Test
    void returnsTheFrameAsTheProgramLeftIt() {
        BpfAssembler program = new BpfAssembler();
        Label pass = program.label("pass");
        boundsCheck(program, 14, pass);
        program.store(Size.B, R1, 0, 0x42).bind(pass).mov(R0, XdpAction.XDP_TX).exit();
        try (BpfProgram loaded = BpfProgram.loadXdp("rewrite", program)) {
            TestRun run = loaded.testRun(frame(0x0800));
            assertEquals(XdpAction.XDP_TX, run.result());
            assertEquals(0x42, run.data()[0]);
        }
    }

    @Test
    void refusedProgramCarriesTheVerifiersLastLines() {
        BpfAssembler program = new BpfAssembler();
        program.load(Size.W, R2, R1, XdpAction.CONTEXT_DATA).load(Size.B, R0, R2, 0).exit();
        VerifierException e = assertThrows(VerifierException.class, () -> BpfProgram.loadXdp("unchecked", program));
        assertEquals(Errno.EACCES, e.errno());
        assertTrue(e.getMessage().startsWith("load XDP program unchecked: EACCES (13)"), e.getMessage());
        assertTrue(e.getMessage().contains("invalid access to packet"), e.getMessage());
        assertFalse(e.getMessage().contains("\n"));
        assertTrue(e.log().lines().count() > 2);
    }

    @Test
    void frameShorterThanAnEthernetHeaderIsRefused() {
        BpfAssembler program = new BpfAssembler().mov(R0, XdpAction.XDP_PASS).exit();
        try (BpfProgram loaded = BpfProgram.loadXdp("pass", program)) {
            LinuxException e = assertThrows(LinuxException.class, () -> loaded.testRun(new byte[13]));
            assertEquals(Errno.EINVAL, e.errno());
        }
    }

    @Test
    void namesTooLongForTheKernelAreRefused() {
        BpfAssembler program = new BpfAssembler().mov(R0, 0).exit();
        assertThrows(IllegalArgumentException.class, () -> BpfProgram.loadXdp("sixteen_letters_", program));
        assertThrows(IllegalArgumentException.class, () -> BpfProgram.loadXdp("with space", program));
    }

    @Test
    void liveFramesRunAsOftenAsAskedForOrUntilASignal() throws InterruptedException {
        Requirements.kernel(5, 18);
        try (BpfMap count = BpfMap.mappableArray("count", Long.BYTES, 1);
            MappedMemory memory = count.mapMemory();
            BpfProgram loaded = BpfProgram.load(BpfProgram.Type.XDP, "live", counting(count).assemble(), 0)) {
            assertEquals(0, loaded.runLive(frame(0x0800), 1000, 64));
            assertEquals(1000, NativeMemory.getLong(memory.address()));
            int caller = ThreadInterrupt.currentThread();
            AtomicBoolean returned = new AtomicBoolean();
            Thread signals = Thread.ofPlatform().start(() -> {
                while (!returned.get()) {
                    ThreadInterrupt.interrupt(caller);
                    LockSupport.parkNanos(1_000_000);
                }
            });
            assertEquals(-Errno.EINTR, loaded.runLive(frame(0x0800), -1, BpfProgram.LIVE_BATCH_MAX));
            returned.set(true);
            signals.join();
        }
    }

    private static BpfAssembler counting(BpfMap count) {
        return new BpfAssembler().loadMapValue(R1, count, 0)
            .load(Size.DW, R2, R1, 0)
            .alu(Alu.ADD, R2, 1)
            .store(Size.DW, R1, 0, R2)
            .mov(R0, XdpAction.XDP_DROP)
            .exit();
    }

    /** Leaves the packet's start in R1; frames shorter than {@code length} go to {@code otherwise}. */
    private static void boundsCheck(BpfAssembler program, int length, Label otherwise) {
        program.load(Size.W, R3, R1, XdpAction.CONTEXT_DATA_END)
            .load(Size.W, R1, R1, XdpAction.CONTEXT_DATA)
            .mov(R2, R1)
            .alu(Alu.ADD, R2, length)
            .jump(Condition.JGT, R2, R3, otherwise);
    }

    private static byte[] frame(int etherType) {
        byte[] frame = new byte[64];
        frame[12] = (byte) (etherType >> 8);
        frame[13] = (byte) etherType;
        return frame;
    }
}
