package io.weft.vmlab.lab;

import io.weft.nativebindings.bpf.BpfAssembler;
import io.weft.nativebindings.bpf.BpfAssembler.Alu;
import io.weft.nativebindings.bpf.BpfAssembler.Condition;
import io.weft.nativebindings.bpf.BpfAssembler.Label;
import io.weft.nativebindings.bpf.BpfAssembler.Size;
import io.weft.nativebindings.bpf.BpfProgram;
import io.weft.nativebindings.bpf.BpfRegister;
import io.weft.nativebindings.bpf.XdpAction;

/** An XDP program that drops tunnel packets (IPv4 without options, UDP destination port 8472) and passes the rest. */
final class TunnelBlock {
    private static final int DATA = 0; // struct xdp_md, <linux/bpf.h>
    private static final int DATA_END = 4;
    private static final int ETHERTYPE = 12;
    private static final int PROTOCOL = 23;
    private static final int UDP_DESTINATION = 36;
    private static final int HEADERS = 42;
    private static final int ETH_P_IP = 0x0800;
    private static final int IPPROTO_UDP = 17;
    private static final int TUNNEL_PORT = 8472;

    private TunnelBlock() {}

    static BpfProgram load() {
        BpfAssembler program = new BpfAssembler();
        Label pass = program.label("pass");
        BpfRegister frame = BpfRegister.R2;
        BpfRegister scratch = BpfRegister.R4;
        program.load(Size.W, frame, BpfRegister.R1, DATA)
            .load(Size.W, BpfRegister.R3, BpfRegister.R1, DATA_END)
            .mov(scratch, frame)
            .alu(Alu.ADD, scratch, HEADERS)
            .jump(Condition.JGT, scratch, BpfRegister.R3, pass)
            .load(Size.H, scratch, frame, ETHERTYPE)
            .jump(Condition.JNE, scratch, BpfAssembler.hostShort(ETH_P_IP), pass)
            .load(Size.B, scratch, frame, PROTOCOL)
            .jump(Condition.JNE, scratch, IPPROTO_UDP, pass)
            .load(Size.H, scratch, frame, UDP_DESTINATION)
            .jump(Condition.JNE, scratch, BpfAssembler.hostShort(TUNNEL_PORT), pass)
            .mov(BpfRegister.R0, XdpAction.XDP_DROP)
            .exit()
            .bind(pass)
            .mov(BpfRegister.R0, XdpAction.XDP_PASS)
            .exit();
        return BpfProgram.loadXdp("lab_block", program);
    }
}
