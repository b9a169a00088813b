package io.weft.perf.traffic;

import static io.weft.nativebindings.bpf.BpfRegister.R0;
import static io.weft.nativebindings.bpf.BpfRegister.R1;
import static io.weft.nativebindings.bpf.BpfRegister.R10;
import static io.weft.nativebindings.bpf.BpfRegister.R2;
import static io.weft.nativebindings.bpf.BpfRegister.R3;
import static io.weft.nativebindings.bpf.BpfRegister.R4;
import static io.weft.nativebindings.bpf.BpfRegister.R5;
import static io.weft.nativebindings.bpf.BpfRegister.R6;
import static io.weft.nativebindings.bpf.BpfRegister.R7;
import static io.weft.nativebindings.bpf.BpfRegister.R8;
import static io.weft.nativebindings.bpf.BpfRegister.R9;

import io.weft.nativebindings.bpf.BpfAssembler;
import io.weft.nativebindings.bpf.BpfAssembler.Alu;
import io.weft.nativebindings.bpf.BpfAssembler.Condition;
import io.weft.nativebindings.bpf.BpfAssembler.Label;
import io.weft.nativebindings.bpf.BpfAssembler.Size;
import io.weft.nativebindings.bpf.BpfHelper;
import io.weft.nativebindings.bpf.BpfMap;
import io.weft.nativebindings.bpf.BpfRegister;
import io.weft.nativebindings.bpf.XdpAction;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The XDP program that generates the frames of {@link LiveFrameGenerator}. It waits until the frame is due, chooses the flow, cuts the
 * frame to its size, writes the whole head again (live frames come back with whatever their receiver wrote into them) and sends the frame
 * out of a device. A frame that is not due yet is dropped: the kernel makes the next one at once, so this is a busy wait.
 *
 * <p>R6 holds the context, R7 the frame's start, R8 the address of the state, R9 the time and then the flow. The stack holds the time and,
 * with several sizes, the fields that depend on the size.
 */
final class LiveFrameProgram {
    /** Offsets in the state, each 8 bytes in machine order; {@link #SEQUENCES} words of 4 bytes, one per group, follow. */
    static final int SENT = 0;

    static final int NEXT_FLOW = 8;
    static final int NEXT_SIZE = 16;
    /** Units of 2^-{@link #TIME_FRACTION} ns: when the next frame is due, 0 before the first. */
    static final int DUE = 24;

    /** The same units: time from one frame to the next; 0 sends without a pause. */
    static final int INTERVAL = 32;
    /** Bytes sent, without FCS. */
    static final int BYTES = 40;

    /** CLOCK_MONOTONIC in nanoseconds of a run's first frame, 0 before it, and of its last. */
    static final int FIRST = 48;

    static final int LAST = 56;
    static final int SEQUENCES = 64;
    static final int STATE_LENGTH = SEQUENCES + Flows.MAX_GROUPS * Integer.BYTES;
    static final int TIME_FRACTION = 8;

    private static final int STACK_TIME = -8;
    private static final int STACK_SUM = -16;
    private static final int STACK_LENGTH = -24;
    /** From here downwards, 8 bytes each: the fields of {@link #sizeFields}. */
    private static final int STACK_FIELDS = -32;

    private static final int HALF_BITS = 16;
    private static final int HALF_MASK = 0xFFFF;

    private final BpfAssembler program = new BpfAssembler();
    private final Label drop = program.label("drop");
    private final FrameSpec spec;
    private final Map<Integer, FrameTemplate> templates = new LinkedHashMap<>();
    private final FrameTemplate largest;

    private LiveFrameProgram(FrameSpec spec) {
        this.spec = spec;
        for (int size : spec.sizes().distinct()) {
            templates.put(size, new FrameTemplate(spec, size));
        }
        largest = templates.get(spec.sizes().largest());
    }

    /** Instructions that use {@code state} and send out of the device {@code ifindex}. */
    static BpfAssembler assemble(FrameSpec spec, BpfMap state, int ifindex) {
        LiveFrameProgram generator = new LiveFrameProgram(spec);
        generator.begin(state);
        generator.awaitTurn();
        generator.chooseFlow();
        generator.chooseSize();
        generator.writeHead();
        generator.writeFlow();
        generator.writeNumbers();
        generator.count();
        generator.send(ifindex);
        return generator.program;
    }

    private void begin(BpfMap state) {
        program.mov(R6, R1)
            .loadMapValue(R8, state, 0)
            .call(BpfHelper.KTIME_GET_NS)
            .mov(R9, R0);
    }

    /** The frame's time, now in R0, is the time when it was due if there is a schedule, even if that is past. */
    private void awaitTurn() {
        Label now = program.label("now");
        Label running = program.label("running");
        program.load(Size.DW, R1, R8, INTERVAL)
            .jump(Condition.JEQ, R1, 0, now)
            .mov(R3, R0)
            .alu(Alu.LSH, R3, TIME_FRACTION)
            .load(Size.DW, R2, R8, DUE)
            .jump(Condition.JNE, R2, 0, running)
            .mov(R2, R3)
            .store(Size.DW, R8, DUE, R2)
            .bind(running)
            .jump(Condition.JLT, R3, R2, drop)
            .mov(R0, R2)
            .alu(Alu.RSH, R0, TIME_FRACTION)
            .alu(Alu.ADD, R2, R1)
            .store(Size.DW, R8, DUE, R2)
            .bind(now)
            .store(Size.DW, R10, STACK_TIME, R0);
        noteTime();
    }

    /** The time is in R9. */
    private void noteTime() {
        Label noted = program.label("noted");
        program.store(Size.DW, R8, LAST, R9)
            .load(Size.DW, R1, R8, FIRST)
            .jump(Condition.JNE, R1, 0, noted)
            .store(Size.DW, R8, FIRST, R9)
            .bind(noted);
    }

    private void chooseFlow() {
        Flows flows = spec.flows();
        if (flows.count() == 1) {
            program.mov(R9, 0);
        } else if (flows.random()) {
            program.call(BpfHelper.GET_PRANDOM_U32).alu32(Alu.MOV, R9, R0).alu32(Alu.MOD, R9, flows.count());
        } else {
            nextOf(NEXT_FLOW, flows.count(), R9);
        }
    }

    /** The number stored at {@code offset}, which wraps around at {@code end}; uses R1. */
    private void nextOf(int offset, int end, BpfRegister into) {
        Label stored = program.label("stored");
        program.load(Size.DW, into, R8, offset)
            .mov(R1, into)
            .alu(Alu.ADD, R1, 1)
            .jump(Condition.JLT, R1, end, stored)
            .mov(R1, 0)
            .bind(stored)
            .store(Size.DW, R8, offset, R1);
    }

    /** With several sizes: cuts the frame, which arrived with the largest size, and puts the fields that depend on the size on the stack. */
    private void chooseSize() {
        if (templates.size() == 1) { return; }
        Label chosen = program.label("chosen");
        List<Integer> pattern = spec.sizes().pattern();
        nextOf(NEXT_SIZE, pattern.size(), R0);
        templates.forEach((size, template) -> {
            Label mine = program.label("mine");
            Label other = program.label("other");
            for (int i = 0; i < pattern.size(); i++) {
                if (pattern.get(i).equals(size)) { program.jump(Condition.JEQ, R0, i, mine); }
            }
            program.jump(other).bind(mine);
            keepConstants(template);
            program.mov(R2, template.length() - largest.length()).jump(chosen).bind(other);
        });
        program.jump(drop)
            .bind(chosen)
            .mov(R1, R6)
            .call(BpfHelper.XDP_ADJUST_TAIL)
            .jump(Condition.JNE, R0, 0, drop);
    }

    private void keepConstants(FrameTemplate template) {
        program.store(Size.DW, R10, STACK_SUM, template.constantSum()).store(Size.DW, R10, STACK_LENGTH,
            template.length());
        int[] fields = sizeFields();
        for (int i = 0; i < fields.length; i++) {
            program.store(Size.DW, R10, STACK_FIELDS - i * Long.BYTES, wire(template, fields[i], Size.H));
        }
    }

    /** Offsets in the frame of the half words that depend on the frame's size. */
    private int[] sizeFields() {
        int ip = largest.ipAt();
        int udp = largest.udpAt();
        int[] inner = {ip + FrameTemplate.IP_TOTAL_LENGTH, ip + FrameTemplate.IP_CHECKSUM,
            udp + FrameTemplate.UDP_TOTAL_LENGTH};
        if (spec.tunnel().isEmpty()) { return inner; }
        int outerIp = FrameTemplate.ETHERNET_LENGTH;
        int outerUdp = outerIp + FrameTemplate.IP_LENGTH;
        return new int[]{inner[0], inner[1], inner[2], outerIp + FrameTemplate.IP_TOTAL_LENGTH,
            outerIp + FrameTemplate.IP_CHECKSUM, outerUdp + FrameTemplate.UDP_TOTAL_LENGTH};
    }

    private void writeHead() {
        int end = largest.header().length;
        program.load(Size.W, R7, R6, XdpAction.CONTEXT_DATA)
            .load(Size.W, R2, R6, XdpAction.CONTEXT_DATA_END)
            .mov(R3, R7)
            .alu(Alu.ADD, R3, end)
            .jump(Condition.JGT, R3, R2, drop);
        int at = 0;
        for (; at + Integer.BYTES <= end; at += Integer.BYTES) {
            program.store(Size.W, R7, at, wire(largest, at, Size.W));
        }
        if (at < end) { program.store(Size.H, R7, at, wire(largest, at, Size.H)); }
        if (templates.size() == 1) { return; }
        int[] fields = sizeFields();
        for (int i = 0; i < fields.length; i++) {
            program.load(Size.DW, R1, R10, STACK_FIELDS - i * Long.BYTES).store(Size.H, R7, fields[i], R1);
        }
    }

    /** The bytes of a template as one immediate, in the machine's order. */
    private static int wire(FrameTemplate template, int at, Size size) {
        ByteBuffer bytes = ByteBuffer.wrap(template.header()).order(ByteOrder.nativeOrder());
        return size == Size.W ? bytes.getInt(at) : Short.toUnsignedInt(bytes.getShort(at));
    }

    /** Ports and addresses of the flow; starts the UDP sum in R5. */
    private void writeFlow() {
        Flows flows = spec.flows();
        int udp = largest.udpAt();
        program.mov(R1, R9).alu(Alu.MOD, R1, flows.ports()).alu(Alu.ADD, R1, flows.firstPort());
        if (templates.size() == 1) {
            program.mov(R5, largest.constantSum());
        } else {
            program.load(Size.DW, R5, R10, STACK_SUM);
        }
        program.alu(Alu.ADD, R5, R1).toBigEndian(R1, HALF_BITS).store(Size.H, R7, udp, R1);
        program.mov(R1, R9).alu(Alu.DIV, R1, flows.ports()).alu(Alu.ADD, R1, largest.restBase())
            .alu(Alu.AND, R1, HALF_MASK).alu(Alu.ADD, R5, R1).toBigEndian(R1, HALF_BITS);
        if (largest.variesSource()) {
            program.store(Size.H, R7, largest.ipAt() + FrameTemplate.IP_SOURCE_LOW, R1)
                .alu(Alu.XOR, R1, HALF_MASK)
                .store(Size.H, R7, largest.ipAt() + FrameTemplate.IP_ID, R1);
        } else {
            program.store(Size.H, R7, udp + FrameTemplate.UDP_DESTINATION_PORT, R1);
        }
        if (spec.tunnel().isPresent()) {
            program.mov(R1, R9).alu(Alu.AND, R1, FrameTemplate.ENTROPY_MASK)
                .alu(Alu.OR, R1, FrameTemplate.ENTROPY_FIRST_PORT).toBigEndian(R1, HALF_BITS)
                .store(Size.H, R7, FrameTemplate.OUTER_SOURCE_PORT, R1);
        }
    }

    /** Group, sequence number, time and with them the UDP checksum. */
    private void writeNumbers() {
        int payload = largest.payloadAt();
        program.alu(Alu.AND, R9, spec.flows().groups() - 1)
            .mov(R4, R9)
            .alu(Alu.LSH, R4, 2)
            .alu(Alu.ADD, R4, R8)
            .load(Size.W, R2, R4, SEQUENCES)
            .mov(R3, R2)
            .alu(Alu.ADD, R3, 1)
            .store(Size.W, R4, SEQUENCES, R3);
        program.alu(Alu.ADD, R5, R9).toBigEndian(R9, HALF_BITS)
            .store(Size.H, R7, payload + ProbePayload.GROUP_OFFSET, R9);
        addHalves(R2, Integer.BYTES);
        program.toBigEndian(R2, Integer.SIZE).store(Size.W, R7, payload + ProbePayload.SEQUENCE_OFFSET, R2);
        program.load(Size.DW, R2, R10, STACK_TIME);
        addHalves(R2, Long.BYTES);
        program.toBigEndian(R2, Long.SIZE).store(Size.DW, R7, payload + ProbePayload.TIME_OFFSET, R2);
        writeChecksum(largest.udpAt() + FrameTemplate.UDP_CHECKSUM);
    }

    /** Adds the 16-bit words of a number to the sum in R5; uses R1. */
    private void addHalves(BpfRegister number, int bytes) {
        for (int shift = 0; shift < bytes * Byte.SIZE; shift += HALF_BITS) {
            program.mov(R1, number);
            if (shift > 0) { program.alu(Alu.RSH, R1, shift); }
            program.alu(Alu.AND, R1, HALF_MASK).alu(Alu.ADD, R5, R1);
        }
    }

    private void writeChecksum(int at) {
        Label nonzero = program.label("nonzero");
        for (int i = 0; i < 2; i++) {
            program.mov(R1, R5).alu(Alu.RSH, R1, HALF_BITS).alu(Alu.AND, R5, HALF_MASK).alu(Alu.ADD, R5, R1);
        }
        program.alu(Alu.XOR, R5, HALF_MASK)
            .jump(Condition.JNE, R5, 0, nonzero)
            .mov(R5, HALF_MASK)
            .bind(nonzero)
            .toBigEndian(R5, HALF_BITS)
            .store(Size.H, R7, at, R5);
    }

    private void count() {
        program.load(Size.DW, R1, R8, SENT).alu(Alu.ADD, R1, 1).store(Size.DW, R8, SENT, R1);
        if (templates.size() == 1) {
            program.mov(R2, largest.length());
        } else {
            program.load(Size.DW, R2, R10, STACK_LENGTH);
        }
        program.load(Size.DW, R1, R8, BYTES).alu(Alu.ADD, R1, R2).store(Size.DW, R8, BYTES, R1);
    }

    private void send(int ifindex) {
        program.mov(R1, ifindex)
            .mov(R2, 0)
            .call(BpfHelper.REDIRECT)
            .exit()
            .bind(drop)
            .mov(R0, XdpAction.XDP_DROP)
            .exit();
    }
}
