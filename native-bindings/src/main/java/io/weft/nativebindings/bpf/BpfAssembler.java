package io.weft.nativebindings.bpf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes BPF instructions ({@code Documentation/bpf/standardization/instruction-set.rst}), 8 bytes each in the machine's byte
 * order. Jumps name labels, which {@link #assemble} resolves. Immediates are 32 bits, sign-extended to 64 in 64-bit operations.
 *
 * <p>Packet bytes are in network order: a halfword loaded from a packet is compared with a constant after
 * {@link #toBigEndian}, or the constant is swapped when assembling ({@link #hostShort}).
 */
public final class BpfAssembler {
    /** Arithmetic; the operation bits of the opcode. */
    public enum Alu {
        ADD(0x00),
        SUB(0x10),
        MUL(0x20),
        DIV(0x30),
        OR(0x40),
        AND(0x50),
        LSH(0x60),
        RSH(0x70),
        MOD(0x90),
        XOR(0xa0),
        MOV(0xb0),
        ARSH(0xc0);

        private final int code;

        Alu(int code) {
            this.code = code;
        }
    }

    /** Conditions: unsigned, except JSGT, JSGE, JSLT and JSLE. JSET is true if both operands have a bit in common. */
    public enum Condition {
        JEQ(0x10),
        JGT(0x20),
        JGE(0x30),
        JSET(0x40),
        JNE(0x50),
        JSGT(0x60),
        JSGE(0x70),
        JLT(0xa0),
        JLE(0xb0),
        JSLT(0xc0),
        JSLE(0xd0);

        private final int code;

        Condition(int code) {
            this.code = code;
        }
    }

    /** Width of a memory access: byte, half word (2 bytes), word (4) or double word (8). */
    public enum Size {
        B(0x10),
        H(0x08),
        W(0x00),
        DW(0x18);

        private final int code;

        Size(int code) {
            this.code = code;
        }
    }

    /** Read-modify-write of a word or double word; with FETCH the source register receives the old value. */
    public enum Atomic {
        ADD(0x00),
        OR(0x40),
        AND(0x50),
        XOR(0xa0),
        FETCH_ADD(0x01),
        FETCH_OR(0x41),
        FETCH_AND(0x51),
        FETCH_XOR(0xa1),
        XCHG(0xe1),
        /** Compares with R0, which receives the old value. */
        CMPXCHG(0xf1);

        private final int code;

        Atomic(int code) {
            this.code = code;
        }
    }

    /** A place in the program; belongs to the assembler that made it. */
    public static final class Label {
        private static final int UNBOUND = -1;

        private final String name;
        private int index = UNBOUND;

        private Label(String name) {
            this.name = name;
        }
    }

    private record Jump(int index, Label target, boolean call) {}

    private static final int BPF_LD = 0x00;
    private static final int BPF_LDX = 0x01;
    private static final int BPF_ST = 0x02;
    private static final int BPF_STX = 0x03;
    private static final int BPF_ALU = 0x04;
    private static final int BPF_JMP = 0x05;
    private static final int BPF_JMP32 = 0x06;
    private static final int BPF_ALU64 = 0x07;
    private static final int BPF_IMM = 0x00;
    private static final int BPF_MEM = 0x60;
    private static final int BPF_ATOMIC = 0xc0;
    private static final int BPF_K = 0x00;
    private static final int BPF_X = 0x08;
    private static final int BPF_DW = 0x18;
    private static final int BPF_NEG = 0x80;
    private static final int BPF_END = 0xd0;
    private static final int BPF_TO_LE = 0x00;
    private static final int BPF_TO_BE = 0x08;
    private static final int BPF_JA = 0x00;
    private static final int BPF_CALL = 0x80;
    private static final int BPF_EXIT = 0x90;
    private static final int BPF_PSEUDO_MAP_FD = 1;
    private static final int BPF_PSEUDO_MAP_VALUE = 2;
    private static final int BPF_PSEUDO_CALL = 1;
    private static final int INSTRUCTION_BYTES = 8;

    private final List<Long> instructions = new ArrayList<>();
    private final List<Jump> jumps = new ArrayList<>();

    /** A new label, to be {@linkplain #bind bound} once. The name appears in errors. */
    public Label label(String name) {
        return new Label(name);
    }

    /** Binds the label to the next instruction. */
    public BpfAssembler bind(Label label) {
        if (label.index != Label.UNBOUND) {
            throw new IllegalStateException("label " + label.name + " is bound twice");
        }
        label.index = instructions.size();
        return this;
    }

    /** 64-bit {@code dst = dst op src}. */
    public BpfAssembler alu(Alu operation, BpfRegister dst, BpfRegister src) {
        return emit(BPF_ALU64 | BPF_X | operation.code, dst.number(), src.number(), 0, 0);
    }

    /** 64-bit {@code dst = dst op immediate}. */
    public BpfAssembler alu(Alu operation, BpfRegister dst, int immediate) {
        return emit(BPF_ALU64 | BPF_K | operation.code, dst.number(), 0, 0, immediate);
    }

    /** 32-bit {@code dst = dst op src}; clears the upper half of dst. */
    public BpfAssembler alu32(Alu operation, BpfRegister dst, BpfRegister src) {
        return emit(BPF_ALU | BPF_X | operation.code, dst.number(), src.number(), 0, 0);
    }

    /** 32-bit {@code dst = dst op immediate}; clears the upper half of dst. */
    public BpfAssembler alu32(Alu operation, BpfRegister dst, int immediate) {
        return emit(BPF_ALU | BPF_K | operation.code, dst.number(), 0, 0, immediate);
    }

    /** 64-bit {@code dst = src}. */
    public BpfAssembler mov(BpfRegister dst, BpfRegister src) {
        return alu(Alu.MOV, dst, src);
    }

    /** 64-bit {@code dst = immediate}, sign-extended. */
    public BpfAssembler mov(BpfRegister dst, int immediate) {
        return alu(Alu.MOV, dst, immediate);
    }

    /** 64-bit {@code dst = -dst}. */
    public BpfAssembler neg(BpfRegister dst) {
        return emit(BPF_ALU64 | BPF_NEG, dst.number(), 0, 0, 0);
    }

    /** 32-bit {@code dst = -dst}. */
    public BpfAssembler neg32(BpfRegister dst) {
        return emit(BPF_ALU | BPF_NEG, dst.number(), 0, 0, 0);
    }

    /** Converts the lowest 16, 32 or 64 bits between the machine's order and big-endian; clears the bits above. */
    public BpfAssembler toBigEndian(BpfRegister dst, int bits) {
        return emit(BPF_ALU | BPF_END | BPF_TO_BE, dst.number(), 0, 0, requireSwapWidth(bits));
    }

    /** Converts the lowest 16, 32 or 64 bits between the machine's order and little-endian; clears the bits above. */
    public BpfAssembler toLittleEndian(BpfRegister dst, int bits) {
        return emit(BPF_ALU | BPF_END | BPF_TO_LE, dst.number(), 0, 0, requireSwapWidth(bits));
    }

    /** {@code dst = *(size *) (src + offset)}, zero-extended. */
    public BpfAssembler load(Size size, BpfRegister dst, BpfRegister src, int offset) {
        return emit(BPF_LDX | BPF_MEM | size.code, dst.number(), src.number(), offset, 0);
    }

    /** {@code *(size *) (dst + offset) = src}. */
    public BpfAssembler store(Size size, BpfRegister dst, int offset, BpfRegister src) {
        return emit(BPF_STX | BPF_MEM | size.code, dst.number(), src.number(), offset, 0);
    }

    /** {@code *(size *) (dst + offset) = immediate}. */
    public BpfAssembler store(Size size, BpfRegister dst, int offset, int immediate) {
        return emit(BPF_ST | BPF_MEM | size.code, dst.number(), 0, offset, immediate);
    }

    /** Atomic operation on {@code *(size *) (dst + offset)}. */
    public BpfAssembler atomic(Atomic operation, Size size, BpfRegister dst, int offset, BpfRegister src) {
        if (size != Size.W && size != Size.DW) {
            throw new IllegalArgumentException("an atomic operation has 4 or 8 bytes, not " + size);
        }
        return emit(BPF_STX | BPF_ATOMIC | size.code, dst.number(), src.number(), offset, operation.code);
    }

    /** {@code dst} = a 64-bit constant; takes two instructions. */
    public BpfAssembler loadConstant(BpfRegister dst, long value) {
        return loadWide(dst, 0, (int) value, (int) (value >>> 32));
    }

    /** {@code dst} = the map, as helper functions take it; two instructions. */
    public BpfAssembler loadMap(BpfRegister dst, BpfMap map) {
        return loadWide(dst, BPF_PSEUDO_MAP_FD, map.fd(), 0);
    }

    /** {@code dst} = address of byte {@code offset} in the value of an array map of one entry; two instructions. */
    public BpfAssembler loadMapValue(BpfRegister dst, BpfMap map, int offset) {
        return loadWide(dst, BPF_PSEUDO_MAP_VALUE, map.fd(), offset);
    }

    /** Jumps always. */
    public BpfAssembler jump(Label target) {
        return emitJump(target, BPF_JMP | BPF_JA, 0, 0, 0);
    }

    /** Jumps if the 64-bit {@code left condition right}. */
    public BpfAssembler jump(Condition condition, BpfRegister left, BpfRegister right, Label target) {
        return emitJump(target, BPF_JMP | BPF_X | condition.code, left.number(), right.number(), 0);
    }

    /** Jumps if the 64-bit {@code left condition immediate}; the immediate is sign-extended. */
    public BpfAssembler jump(Condition condition, BpfRegister left, int immediate, Label target) {
        return emitJump(target, BPF_JMP | BPF_K | condition.code, left.number(), 0, immediate);
    }

    /** Jumps if the lower halves satisfy {@code left condition right}. */
    public BpfAssembler jump32(Condition condition, BpfRegister left, BpfRegister right, Label target) {
        return emitJump(target, BPF_JMP32 | BPF_X | condition.code, left.number(), right.number(), 0);
    }

    /** Jumps if the lower half satisfies {@code left condition immediate}: for unsigned constants above 2^31. */
    public BpfAssembler jump32(Condition condition, BpfRegister left, int immediate, Label target) {
        return emitJump(target, BPF_JMP32 | BPF_K | condition.code, left.number(), 0, immediate);
    }

    /** Calls a helper function of {@link BpfHelper}. */
    public BpfAssembler call(int helper) {
        return emit(BPF_JMP | BPF_CALL, 0, 0, 0, helper);
    }

    /** Calls a function of this program that starts at the label. */
    public BpfAssembler call(Label function) {
        jumps.add(new Jump(instructions.size(), function, true));
        return emit(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0);
    }

    /** Returns R0. */
    public BpfAssembler exit() {
        return emit(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
    }

    /** The constant that a half word load reads from a packet with {@code networkValue}, for comparisons without a swap in the program. */
    public static int hostShort(int networkValue) {
        short value = (short) networkValue;
        return Short.toUnsignedInt(littleEndian() ? Short.reverseBytes(value) : value);
    }

    /** Like {@link #hostShort} for 32 bits; compare with {@link #jump32}. */
    public static int hostInt(int networkValue) {
        return littleEndian() ? Integer.reverseBytes(networkValue) : networkValue;
    }

    /** Number of instructions so far. */
    public int size() {
        return instructions.size();
    }

    /** The finished program, in the machine's byte order. */
    public byte[] assemble() {
        ByteBuffer bytes = ByteBuffer.allocate(instructions.size() * INSTRUCTION_BYTES).order(ByteOrder.nativeOrder());
        instructions.forEach(bytes::putLong);
        for (Jump jump : jumps) {
            resolve(jump, bytes);
        }
        return bytes.array();
    }

    private static void resolve(Jump jump, ByteBuffer bytes) {
        if (jump.target.index == Label.UNBOUND) {
            throw new IllegalStateException("label " + jump.target.name + " is never bound");
        }
        int distance = jump.target.index - jump.index - 1;
        int at = jump.index * INSTRUCTION_BYTES;
        if (jump.call) {
            bytes.putInt(at + Integer.BYTES, distance);
        } else {
            bytes.putShort(at + Short.BYTES, requireShort(distance, "jump to " + jump.target.name));
        }
    }

    private BpfAssembler emitJump(Label target, int opcode, int dst, int src, int immediate) {
        jumps.add(new Jump(instructions.size(), target, false));
        return emit(opcode, dst, src, 0, immediate);
    }

    private BpfAssembler loadWide(BpfRegister dst, int src, int low, int high) {
        emit(BPF_LD | BPF_DW | BPF_IMM, dst.number(), src, 0, low);
        return emit(0, 0, 0, 0, high);
    }

    /** {@code struct bpf_insn}: opcode, two 4-bit registers, 16-bit offset, 32-bit immediate, as one word of memory. */
    private BpfAssembler emit(int opcode, int dst, int src, int offset, int immediate) {
        short checked = requireShort(offset, "offset");
        ByteBuffer bytes = ByteBuffer.allocate(INSTRUCTION_BYTES).order(ByteOrder.nativeOrder());
        bytes.put((byte) opcode);
        bytes.put((byte) (littleEndian() ? src << 4 | dst : dst << 4 | src));
        bytes.putShort(checked);
        bytes.putInt(immediate);
        instructions.add(bytes.getLong(0));
        return this;
    }

    private static short requireShort(int value, String what) {
        if (value != (short) value) { throw new IllegalArgumentException(what + " does not fit in 16 bits: " + value); }
        return (short) value;
    }

    private static int requireSwapWidth(int bits) {
        if (bits != 16 && bits != 32 && bits != 64) {
            throw new IllegalArgumentException("a swap has 16, 32 or 64 bits, not " + bits);
        }
        return bits;
    }

    private static boolean littleEndian() {
        return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    }
}
