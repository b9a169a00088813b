package io.weft.perf.compare;

import io.weft.encap.memory.Memory;
import io.weft.nativebindings.bpf.BpfAssembler;
import io.weft.nativebindings.bpf.BpfAssembler.Alu;
import io.weft.nativebindings.bpf.BpfAssembler.Atomic;
import io.weft.nativebindings.bpf.BpfAssembler.Condition;
import io.weft.nativebindings.bpf.BpfAssembler.Label;
import io.weft.nativebindings.bpf.BpfAssembler.Size;
import io.weft.nativebindings.bpf.BpfLink;
import io.weft.nativebindings.bpf.BpfMap;
import io.weft.nativebindings.bpf.BpfProgram;
import io.weft.nativebindings.bpf.BpfRegister;
import io.weft.nativebindings.bpf.XdpAction;
import io.weft.nativebindings.linux.MappedMemory;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Rtnetlink;

/**
 * The sink: an XDP program that classifies UDP packets (IPv4 without options), counts and drops them; everything else, such as ARP, passes.
 * It runs on the transmitting core, so its cost falls on the system under test, equally for every system.
 */
final class ArrivalCounter implements AutoCloseable {
    /** Packets since the start. */
    record Arrivals(long all, long asExpected) {
        Arrivals since(Arrivals before) {
            return new Arrivals(all - before.all, asExpected - before.asExpected);
        }
    }

    private static final int ETHERTYPE = 12;
    private static final int PROTOCOL = 23;
    private static final int UDP_DESTINATION = 36;
    private static final int HEADERS = 42;
    private static final int TUNNEL_OVERHEAD = 50;
    private static final int ETH_P_IP = 0x0800;
    private static final int IPPROTO_UDP = 17;
    private static final int OTHER = 0;
    private static final int EXPECTED = 1;
    private static final BpfRegister FRAME = BpfRegister.R2;
    private static final BpfRegister END = BpfRegister.R3;
    private static final BpfRegister SCRATCH = BpfRegister.R4;
    private static final BpfRegister CELL = BpfRegister.R5;

    private final BpfMap counts = BpfMap.mappableArray("arrivals", 2 * Long.BYTES, 1);
    private final MappedMemory memory = counts.mapMemory();
    private final BpfProgram program;
    private final BpfLink link;

    ArrivalCounter(EgressPort egress) {
        program = BpfProgram.loadXdp("arrivals", assemble(egress));
        link = NetworkNamespace.call(egress.netns(), () -> {
            try (Rtnetlink links = Rtnetlink.open()) {
                int device = links.link(egress.device()).orElseThrow().index();
                return BpfLink.attachXdp(program, device, BpfLink.Mode.NATIVE);
            }
        });
    }

    private BpfAssembler assemble(EgressPort egress) {
        BpfAssembler code = new BpfAssembler();
        Label pass = code.label("pass");
        Label other = code.label("other");
        Label count = code.label("count");
        code.load(Size.W, FRAME, BpfRegister.R1, XdpAction.CONTEXT_DATA)
            .load(Size.W, END, BpfRegister.R1, XdpAction.CONTEXT_DATA_END);
        need(code, HEADERS, pass);
        code.load(Size.H, SCRATCH, FRAME, ETHERTYPE)
            .jump(Condition.JNE, SCRATCH, BpfAssembler.hostShort(ETH_P_IP), pass)
            .load(Size.B, SCRATCH, FRAME, PROTOCOL)
            .jump(Condition.JNE, SCRATCH, IPPROTO_UDP, pass);
        int inner = 0;
        if (egress.tunnelled()) {
            code.load(Size.H, SCRATCH, FRAME, UDP_DESTINATION)
                .jump(Condition.JNE, SCRATCH, BpfAssembler.hostShort(EgressPort.TUNNEL_PORT), other);
            inner = TUNNEL_OVERHEAD;
            need(code, HEADERS + inner, other);
        }
        code.load(Size.H, SCRATCH, FRAME, UDP_DESTINATION + inner)
            .jump(Condition.JNE, SCRATCH, BpfAssembler.hostShort(egress.port()), other)
            .loadMapValue(CELL, counts, EXPECTED * Long.BYTES)
            .jump(count)
            .bind(other)
            .loadMapValue(CELL, counts, OTHER * Long.BYTES)
            .bind(count)
            .mov(SCRATCH, 1)
            .atomic(Atomic.ADD, Size.DW, CELL, 0, SCRATCH)
            .mov(BpfRegister.R0, XdpAction.XDP_DROP)
            .exit()
            .bind(pass)
            .mov(BpfRegister.R0, XdpAction.XDP_PASS)
            .exit();
        return code;
    }

    private static void need(BpfAssembler code, int bytes, Label otherwise) {
        code.mov(SCRATCH, FRAME).alu(Alu.ADD, SCRATCH, bytes).jump(Condition.JGT, SCRATCH, END, otherwise);
    }

    Arrivals read() {
        long expected = cell(EXPECTED);
        return new Arrivals(cell(OTHER) + expected, expected);
    }

    private long cell(int index) {
        return Memory.getVolatileI64(memory.address() + (long) index * Long.BYTES);
    }

    @Override
    public void close() {
        link.close();
        program.close();
        memory.close();
        counts.close();
    }
}
