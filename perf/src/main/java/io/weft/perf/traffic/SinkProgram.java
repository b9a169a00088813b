package io.weft.perf.traffic;

import static io.weft.nativebindings.bpf.BpfRegister.R0;
import static io.weft.nativebindings.bpf.BpfRegister.R1;
import static io.weft.nativebindings.bpf.BpfRegister.R10;
import static io.weft.nativebindings.bpf.BpfRegister.R2;
import static io.weft.nativebindings.bpf.BpfRegister.R3;
import static io.weft.nativebindings.bpf.BpfRegister.R4;
import static io.weft.nativebindings.bpf.BpfRegister.R6;
import static io.weft.nativebindings.bpf.BpfRegister.R7;
import static io.weft.nativebindings.bpf.BpfRegister.R8;
import static io.weft.nativebindings.bpf.BpfRegister.R9;

import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.IpProtocol;
import io.weft.nativebindings.bpf.BpfAssembler;
import io.weft.nativebindings.bpf.BpfAssembler.Alu;
import io.weft.nativebindings.bpf.BpfAssembler.Condition;
import io.weft.nativebindings.bpf.BpfAssembler.Label;
import io.weft.nativebindings.bpf.BpfAssembler.Size;
import io.weft.nativebindings.bpf.BpfHelper;
import io.weft.nativebindings.bpf.BpfMap;
import io.weft.nativebindings.bpf.XdpAction;
import java.util.Optional;

/**
 * The XDP program of {@link XdpSink}: counts, compares sequence numbers, drops UDP (or redirects test frames to a socket) and passes
 * everything else, so that a pod's kernel still answers ARP. R7 is the frame's or inner frame's start, R8 its end, R9 the counters of this
 * processor.
 */
final class SinkProgram {
    /** Offsets in a processor's counters, each 8 bytes. */
    static final int FRAMES = 0;

    static final int BYTES = 8;
    static final int TUNNELLED = 16;
    static final int MATCHED = 24;
    static final int PROBES = 32;
    static final int LATE = 40;
    /** One cache line per processor. */
    static final int COUNTERS_LENGTH = 64;

    /** The next expected number of each group, 4 bytes each. */
    static final int ORDER_LENGTH = Flows.MAX_GROUPS * Integer.BYTES;

    private static final int ETHER_TYPE = 12;
    private static final int IP_AT = FrameTemplate.ETHERNET_LENGTH;
    private static final int IP_PROTOCOL = IP_AT + 9;
    private static final int UDP_AT = IP_AT + FrameTemplate.IP_LENGTH;
    private static final int PAYLOAD_AT = UDP_AT + FrameTemplate.UDP_LENGTH;
    private static final int VERSION_4_IHL_5 = 0x45;
    private static final int STACK_KEY = -4;
    private static final int HALF_BITS = 16;

    private final BpfAssembler program = new BpfAssembler();
    private final Label pass = program.label("pass");
    private final Label drop = program.label("drop");
    private final Label deliver = program.label("deliver");
    private final Expectation expectation;

    private SinkProgram(Expectation expectation) {
        this.expectation = expectation;
    }

    /** @param sockets for test frames, by queue; without one they are dropped */
    static BpfAssembler assemble(Expectation expectation, BpfMap counters, BpfMap order, Optional<BpfMap> sockets) {
        SinkProgram sink = new SinkProgram(expectation);
        sink.countFrame(counters);
        sink.requireUdp(sink.pass);
        sink.enterTunnel();
        sink.matchPort();
        sink.judgeOrder(order);
        sink.end(sockets);
        return sink.program;
    }

    private void countFrame(BpfMap counters) {
        program.mov(R6, R1)
            .call(BpfHelper.GET_SMP_PROCESSOR_ID)
            .store(Size.W, R10, STACK_KEY, R0)
            .loadMap(R1, counters)
            .mov(R2, R10)
            .alu(Alu.ADD, R2, STACK_KEY)
            .call(BpfHelper.MAP_LOOKUP_ELEM)
            .jump(Condition.JEQ, R0, 0, pass)
            .mov(R9, R0)
            .load(Size.W, R7, R6, XdpAction.CONTEXT_DATA)
            .load(Size.W, R8, R6, XdpAction.CONTEXT_DATA_END);
        increment(FRAMES);
        program.mov(R1, R8)
            .alu(Alu.SUB, R1, R7)
            .load(Size.DW, R2, R9, BYTES)
            .alu(Alu.ADD, R2, R1)
            .store(Size.DW, R9, BYTES, R2);
    }

    /** Jumps to {@code otherwise} unless R7 points to a complete UDP test frame; leaves the destination port in R2, host-numeric. */
    private void requireUdp(Label otherwise) {
        program.mov(R1, R7)
            .alu(Alu.ADD, R1, PAYLOAD_AT + ProbePayload.LENGTH)
            .jump(Condition.JGT, R1, R8, otherwise)
            .load(Size.H, R2, R7, ETHER_TYPE)
            .jump(Condition.JNE, R2, BpfAssembler.hostShort(EthernetHeader.ETH_P_IP), otherwise)
            .load(Size.B, R2, R7, IP_AT)
            .jump(Condition.JNE, R2, VERSION_4_IHL_5, otherwise)
            .load(Size.B, R2, R7, IP_PROTOCOL)
            .jump(Condition.JNE, R2, IpProtocol.IPPROTO_UDP, otherwise)
            .load(Size.H, R2, R7, UDP_AT + FrameTemplate.UDP_DESTINATION_PORT)
            .toBigEndian(R2, HALF_BITS);
    }

    private void enterTunnel() {
        if (expectation.tunnelPort() == 0) { return; }
        Label plain = program.label("plain");
        program.jump(Condition.JNE, R2, expectation.tunnelPort(), plain);
        increment(TUNNELLED);
        program.alu(Alu.ADD, R7, FrameTemplate.TUNNEL_LENGTH);
        requireUdp(drop);
        program.bind(plain);
    }

    private void matchPort() {
        program.jump(Condition.JLT, R2, expectation.destinationPort(), drop)
            .jump(Condition.JGE, R2, expectation.destinationPort() + expectation.ports(), drop);
        increment(MATCHED);
    }

    private void judgeOrder(BpfMap order) {
        Label late = program.label("late");
        program.load(Size.W, R2, R7, PAYLOAD_AT + ProbePayload.MAGIC_OFFSET)
            .jump32(Condition.JNE, R2, BpfAssembler.hostInt(ProbePayload.MAGIC), drop);
        increment(PROBES);
        program.load(Size.H, R2, R7, PAYLOAD_AT + ProbePayload.GROUP_OFFSET)
            .toBigEndian(R2, HALF_BITS)
            .alu(Alu.AND, R2, Flows.MAX_GROUPS - 1)
            .alu(Alu.LSH, R2, 2)
            .loadMapValue(R1, order, 0)
            .alu(Alu.ADD, R1, R2)
            .load(Size.W, R2, R7, PAYLOAD_AT + ProbePayload.SEQUENCE_OFFSET)
            .toBigEndian(R2, Integer.SIZE)
            .load(Size.W, R3, R1, 0)
            .mov(R4, R2)
            .alu32(Alu.SUB, R4, R3)
            .jump32(Condition.JSLT, R4, 0, late)
            .alu(Alu.ADD, R2, 1)
            .store(Size.W, R1, 0, R2)
            .jump(deliver)
            .bind(late);
        increment(LATE);
    }

    private void end(Optional<BpfMap> sockets) {
        program.bind(deliver);
        sockets.ifPresent(map -> program.load(Size.W, R2, R6, XdpAction.CONTEXT_RX_QUEUE_INDEX)
            .loadMap(R1, map)
            .mov(R3, XdpAction.XDP_DROP)
            .call(BpfHelper.REDIRECT_MAP)
            .exit());
        program.bind(drop)
            .mov(R0, XdpAction.XDP_DROP)
            .exit()
            .bind(pass)
            .mov(R0, XdpAction.XDP_PASS)
            .exit();
    }

    private void increment(int counter) {
        program.load(Size.DW, R1, R9, counter).alu(Alu.ADD, R1, 1).store(Size.DW, R9, counter, R1);
    }
}
