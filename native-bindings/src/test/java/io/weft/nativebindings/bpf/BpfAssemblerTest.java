package io.weft.nativebindings.bpf;

import static io.weft.nativebindings.bpf.BpfRegister.R0;
import static io.weft.nativebindings.bpf.BpfRegister.R1;
import static io.weft.nativebindings.bpf.BpfRegister.R10;
import static io.weft.nativebindings.bpf.BpfRegister.R2;
import static io.weft.nativebindings.bpf.BpfRegister.R3;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.weft.nativebindings.bpf.BpfAssembler.Alu;
import io.weft.nativebindings.bpf.BpfAssembler.Atomic;
import io.weft.nativebindings.bpf.BpfAssembler.Condition;
import io.weft.nativebindings.bpf.BpfAssembler.Label;
import io.weft.nativebindings.bpf.BpfAssembler.Size;
import io.weft.nativebindings.support.Requirements;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The kernel runs each instruction, and the test compares the result with Java's own arithmetic. */
class BpfAssemblerTest {
    @Test
    void encodesAsTheInstructionSetSays() {
        BpfAssembler program = new BpfAssembler()
            .load(Size.W, R2, R1, 16)
            .loadConstant(R3, 0x1122334455667788L)
            .mov(R3, 2)
            .call(51)
            .exit();
        assertEquals("61121000000000001803000088776655000000004433221"
            + "1b7030000020000008500000033000000950000000000000" + "0", HexFormat.of().formatHex(program.assemble()));
        assertEquals(6, program.size());
    }

    @ParameterizedTest
    @CsvSource({
        "ADD, 7, 5, 12", "SUB, 7, 5, 2", "MUL, 7, 5, 35", "DIV, 37, 5, 7", "OR, 12, 3, 15", "AND, 13, 7, 5",
        "LSH, 3, 4, 48", "RSH, 48, 4, 3", "MOD, 37, 5, 2", "XOR, 6, 3, 5", "MOV, 6, 3, 3", "ARSH, -16, 2, -4"})
    void arithmeticAgreesWithJava(Alu operation, int left, int right, int expected) {
        assertEquals(expected, run(program -> program.mov(R0, left).alu(operation, R0, right)));
        assertEquals(expected, run(program -> program.mov(R0, left).mov(R1, right).alu(operation, R0, R1)));
        assertEquals(expected, run(program -> program.mov(R0, left).alu32(operation, R0, right)));
        assertEquals(expected, run(program -> program.mov(R0, left).mov(R1, right).alu32(operation, R0, R1)));
    }

    @Test
    void wordArithmeticClearsTheUpperHalf() {
        assertEquals(0, run(program -> program.mov(R0, -1).alu32(Alu.ADD, R0, 1).alu(Alu.RSH, R0, 32)));
        assertEquals(-1, run(program -> program.mov(R0, -1).alu(Alu.ADD, R0, 0).alu(Alu.RSH, R0, 32)));
        assertEquals(-9, run(program -> program.mov(R0, 9).neg(R0)));
        assertEquals(0, run(program -> program.mov(R0, 9).neg32(R0).alu(Alu.RSH, R0, 32)));
    }

    @ParameterizedTest
    @CsvSource({
        "JEQ, 5, 5, 6", "JNE, 5, 6, 5", "JGT, -1, 5, 5", "JGE, 5, 5, 6", "JLT, 5, -1, 5", "JLE, 5, 5, 4",
        "JSGT, 5, -1, 5", "JSGE, 5, 5, 6", "JSLT, -1, 5, -1", "JSLE, 5, 5, 4", "JSET, 6, 2, 1"})
    void conditionsJumpWhenTrueAndOnlyThen(Condition condition, int left, int yes, int no) {
        for (int right : new int[]{yes, no}) {
            int expected = right == yes ? 1 : 2;
            assertEquals(expected,
                run(program -> branch(program, left, target -> program.jump(condition, R1, right, target))));
            assertEquals(expected,
                run(program -> branch(program, left, target -> program.jump32(condition, R1, right, target))));
            assertEquals(expected, run(program -> branch(
                program, left, target -> program.mov(R2, right).jump(condition, R1, R2, target))));
            assertEquals(expected, run(program -> branch(
                program, left, target -> program.mov(R2, right).jump32(condition, R1, R2, target))));
        }
    }

    @ParameterizedTest
    @CsvSource({"B, 0x88", "H, 0x7788", "W, 0x55667788", "DW, 0x55667788"})
    void loadsAndStoresOfEachWidth(Size size, int expected) {
        assertEquals(expected, run(program -> program.loadConstant(R1, 0x1122334455667788L)
            .store(Size.DW, R10, -8, 0)
            .store(size, R10, -8, R1)
            .load(Size.DW, R0, R10, -8)));
        assertEquals(expected, run(program -> program.loadConstant(R1, 0x1122334455667788L)
            .store(Size.DW, R10, -8, R1)
            .load(size, R0, R10, -8)));
        assertEquals(5,
            run(program -> program.store(Size.DW, R10, -8, 0).store(size, R10, -8, 5).load(Size.DW, R0, R10, -8)));
    }

    @ParameterizedTest
    @CsvSource({
        "ADD, 5, 15, 5", "OR, 5, 15, 5", "AND, 6, 2, 6", "XOR, 3, 9, 3", "FETCH_ADD, 5, 15, 10",
        "FETCH_OR, 5, 15, 10", "FETCH_AND, 6, 2, 10", "FETCH_XOR, 3, 9, 10", "XCHG, 4, 4, 10"})
    void atomicsChangeMemoryAndFetchTheOldValue(Atomic operation, int operand, int memory, int register) {
        for (Size size : new Size[]{Size.W, Size.DW}) {
            assertEquals(memory, run(program -> atomic(program, operation, size, operand).load(size, R0, R10, -8)));
            assertEquals(register, run(program -> atomic(program, operation, size, operand).mov(R0, R1)));
        }
    }

    @Test
    void compareAndExchangeUsesTheResultRegister() {
        assertEquals(10, run(program -> atomic(program.mov(R0, 10), Atomic.CMPXCHG, Size.DW, 3)));
        assertEquals(3,
            run(program -> atomic(program.mov(R0, 10), Atomic.CMPXCHG, Size.DW, 3).load(Size.DW, R0, R10, -8)));
        assertEquals(10,
            run(program -> atomic(program.mov(R0, 9), Atomic.CMPXCHG, Size.DW, 3).load(Size.DW, R0, R10, -8)));
    }

    @Test
    void swapsBytes() {
        assertEquals(0x3412, run(program -> program.mov(R0, 0x1234).toBigEndian(R0, 16)));
        assertEquals(0x78563412, run(program -> program.mov(R0, 0x12345678).toBigEndian(R0, 32)));
        assertEquals(0x78563412, run(program -> program.mov(R0, 0x12345678).toBigEndian(R0, 64).alu(Alu.RSH, R0, 32)));
        assertEquals(0x1234, run(program -> program.mov(R0, 0x71234).toLittleEndian(R0, 16)));
        assertEquals(0x0608, BpfAssembler.hostShort(0x0806));
        assertEquals(0x0100000a, BpfAssembler.hostInt(0x0a000001));
    }

    @Test
    void functionsOfTheProgramAreCalled() {
        BpfAssembler program = new BpfAssembler();
        Label twice = program.label("twice");
        program.mov(R1, 21).call(twice).exit().bind(twice).mov(R0, R1).alu(Alu.ADD, R0, R1).exit();
        assertEquals(42, result(program));
    }

    @Test
    void longJumpsForwardsAndOverflowIsRefused() {
        BpfAssembler program = new BpfAssembler();
        Label end = program.label("end");
        program.mov(R0, 1).mov(R1, 1).jump(Condition.JEQ, R1, 1, end);
        for (int i = 0; i < 40_000; i++) {
            program.mov(R0, 2);
        }
        program.bind(end).exit();
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, program::assemble);
        assertEquals("jump to end does not fit in 16 bits: 40000", e.getMessage());
    }

    @Test
    void labelsMustBeBoundExactlyOnce() {
        BpfAssembler program = new BpfAssembler();
        Label label = program.label("drop");
        program.jump(label);
        assertEquals(
            "label drop is never bound", assertThrows(IllegalStateException.class, program::assemble).getMessage());
        program.bind(label);
        assertThrows(IllegalStateException.class, () -> program.bind(label));
        assertThrows(IllegalArgumentException.class, () -> program.load(Size.B, R0, R1, 40_000));
        assertThrows(IllegalArgumentException.class, () -> program.toBigEndian(R0, 8));
        assertThrows(IllegalArgumentException.class, () -> program.atomic(Atomic.ADD, Size.B, R0, 0, R1));
    }

    @Test
    void assemblingTwiceGivesTheSame() {
        BpfAssembler program = new BpfAssembler().mov(R0, 1).exit();
        assertArrayEquals(program.assemble(), program.assemble());
    }

    private static BpfAssembler atomic(BpfAssembler program, Atomic operation, Size size, int operand) {
        return program.store(Size.DW, R10, -8, 10).mov(R1, operand).atomic(operation, size, R10, -8, R1);
    }

    /** Returns 1 if the jump is taken, otherwise 2. */
    private static BpfAssembler branch(BpfAssembler program, int left, Consumer<Label> jump) {
        Label taken = program.label("taken");
        program.mov(R0, 1).mov(R1, left);
        jump.accept(taken);
        return program.mov(R0, 2).bind(taken);
    }

    private static int run(Consumer<BpfAssembler> body) {
        BpfAssembler program = new BpfAssembler();
        body.accept(program);
        return result(program.exit());
    }

    /** The lower half of R0 at exit. */
    private static int result(BpfAssembler program) {
        Requirements.root();
        try (BpfProgram loaded = BpfProgram.loadXdp("test", program)) {
            return loaded.testRun(new byte[64]).result();
        }
    }
}
