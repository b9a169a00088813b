package io.weft.dataplane.steering;

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

import io.weft.dataplane.forwarding.ReplyMark;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.Icmp4Header;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.nativebindings.bpf.BpfAssembler;
import io.weft.nativebindings.bpf.BpfAssembler.Alu;
import io.weft.nativebindings.bpf.BpfAssembler.Condition;
import io.weft.nativebindings.bpf.BpfAssembler.Label;
import io.weft.nativebindings.bpf.BpfAssembler.Size;
import io.weft.nativebindings.bpf.BpfHelper;
import io.weft.nativebindings.bpf.BpfLink;
import io.weft.nativebindings.bpf.BpfMap;
import io.weft.nativebindings.bpf.BpfProgram;
import io.weft.nativebindings.bpf.BpfRegister;

/**
 * Writes the programs of {@link ReplySteering}. Each reads what it needs of a packet into its stack, makes the key of the packet's
 * connection as the node's process sees it, and looks that up. What it does not understand is none of its business.
 *
 * <p>A key is the address of the process, that of its peer, their ports, all as in a packet, the protocol, and three zeros. The later
 * fragments of a reply have a key of their own, with their identification in place of the ports, and a one after the protocol.
 *
 * <p>Thread: one. Cold code.
 */
final class ReplyPrograms {
    static final int KEY_BYTES = 16;
    static final int VALUE_BYTES = Integer.BYTES;

    /** Of the configuration: destination and source of the Ethernet header of steered packets; whether there was ever a connection. */
    static final int MACS_AT = 0;
    static final int ARMED_AT = 16;
    static final int CONFIGURATION_BYTES = 24;

    /** On the stack, from R10. */
    private static final int KEY = -KEY_BYTES;
    private static final int KEY_OWN = KEY;
    private static final int KEY_PEER = KEY + 4;
    private static final int KEY_OWN_PORT = KEY + 8;
    private static final int KEY_PEER_PORT = KEY + 10;
    private static final int KEY_PROTOCOL = KEY + 12;
    private static final int HEADERS = -54; // the fields after the Ethernet header are aligned
    private static final int VALUE = -60;
    private static final int PORTS = -64;
    private static final int QUOTE = -84;

    private static final int MAC_BYTES = 6;
    private static final int IP = HEADERS + EthernetHeader.LENGTH;
    private static final int PROTOCOL_AT = 9;
    private static final int SOURCE_AT = 12;
    private static final int DESTINATION_AT = 16;
    private static final int IDENTIFICATION_AT = 4;
    private static final int FRAGMENT_AT = 6;
    private static final int FRAGMENT_OFFSET = 0x1FFF;
    private static final int MORE_FRAGMENTS = 0x2000;

    private final BpfAssembler program = new BpfAssembler();
    private final Label next = program.label("next program");
    private final BpfMap configuration;
    private final BpfMap connections;

    private ReplyPrograms(BpfMap configuration, BpfMap connections) {
        this.configuration = configuration;
        this.connections = connections;
    }

    /** For packets that the workers send into {@code weft-host}: remembers the connections of marked ones, forgets those of others. */
    static BpfProgram remember(BpfMap configuration, BpfMap connections) {
        return new ReplyPrograms(configuration, connections).request("weft_remember", true);
    }

    /** For packets that the node's stack receives from the uplink: forgets their connections, which bypass Weft from now on. */
    static BpfProgram forget(BpfMap configuration, BpfMap connections) {
        return new ReplyPrograms(configuration, connections).request("weft_forget", false);
    }

    /** For packets that the node's stack sends to the uplink: redirects those of remembered connections to {@code weft-host}. */
    static BpfProgram steer(BpfMap configuration, BpfMap connections, int hostIfindex) {
        return new ReplyPrograms(configuration, connections).reply(hostIfindex);
    }

    private BpfProgram request(String name, boolean remembers) {
        Label unmarked = program.label("unmarked");
        begin(remembers);
        program.load(Size.H, R1, R10, IP + FRAGMENT_AT)
            .jump(Condition.JSET, R1, BpfAssembler.hostShort(FRAGMENT_OFFSET), next);
        requirePorts(R8);
        load(R7, PORTS, Integer.BYTES);
        key(IP + DESTINATION_AT, IP + SOURCE_AT, PORTS + 2, PORTS);
        lookUp();
        if (remembers) {
            program.load(Size.W, R1, R10, HEADERS + MAC_BYTES)
                .jump32(Condition.JNE, R1, BpfAssembler.hostInt((int) (ReplyMark.MAC >>> 16)), unmarked)
                .load(Size.H, R1, R10, HEADERS + MAC_BYTES + Integer.BYTES)
                .jump(Condition.JNE, R1, BpfAssembler.hostShort((int) ReplyMark.MAC), unmarked)
                .jump(Condition.JNE, R0, 0, next)
                .loadMapValue(R1, configuration, ARMED_AT)
                .store(Size.W, R1, 0, 1);
            put();
            program.jump(next);
        }
        program.bind(unmarked).jump(Condition.JEQ, R0, 0, next);
        mapAndKey();
        program.call(BpfHelper.MAP_DELETE_ELEM);
        return end(name);
    }

    private BpfProgram reply(int hostIfindex) {
        Label later = program.label("later fragment");
        Label icmp = program.label("icmp");
        Label redirect = program.label("redirect");
        begin(false);
        program.load(Size.H, R1, R10, IP + FRAGMENT_AT)
            .jump(Condition.JSET, R1, BpfAssembler.hostShort(FRAGMENT_OFFSET), later)
            .jump(Condition.JEQ, R8, IpProtocol.IPPROTO_ICMP, icmp);
        requirePorts(R8);
        load(R7, PORTS, Integer.BYTES);
        key(IP + SOURCE_AT, IP + DESTINATION_AT, PORTS, PORTS + 2);
        lookUp();
        program.jump(Condition.JEQ, R0, 0, next)
            .load(Size.H, R1, R10, IP + FRAGMENT_AT)
            .alu(Alu.AND, R1, BpfAssembler.hostShort(MORE_FRAGMENTS))
            .jump(Condition.JEQ, R1, 0, redirect);
        keyOfFragments();
        put();

        program.bind(redirect)
            .mov(R1, R6)
            .mov(R2, 0)
            .loadMapValue(R3, configuration, MACS_AT)
            .mov(R4, 2 * MAC_BYTES)
            .mov(R5, 0)
            .call(BpfHelper.SKB_STORE_BYTES)
            .mov(R1, hostIfindex)
            .mov(R2, 0)
            .call(BpfHelper.REDIRECT)
            .exit();

        program.bind(later);
        keyOfFragments();
        lookUp();
        program.jump(Condition.JNE, R0, 0, redirect).jump(next);

        program.bind(icmp);
        quoted();
        lookUp();
        program.jump(Condition.JNE, R0, 0, redirect);
        return end("weft_steer");
    }

    /** Leaves the context in R6, the offset of the transport header in R7, and the protocol in R8. */
    private void begin(boolean always) {
        program.mov(R6, R1);
        if (!always) {
            program.loadMapValue(R1, configuration, ARMED_AT).load(Size.W, R1, R1, 0)
                .jump(Condition.JEQ, R1, 0, next);
        }
        program.mov(R2, 0);
        load(R2, HEADERS, EthernetHeader.LENGTH + Ipv4Header.LENGTH);
        program.load(Size.H, R1, R10, HEADERS + 2 * MAC_BYTES)
            .jump(Condition.JNE, R1, BpfAssembler.hostShort(EthernetHeader.ETH_P_IP), next)
            .load(Size.B, R8, R10, IP + PROTOCOL_AT);
        program.mov(R7, EthernetHeader.LENGTH);
        skipIpHeader(IP);
    }

    /** Adds the length of the IPv4 header at {@code at} on the stack to R7. */
    private void skipIpHeader(int at) {
        program.load(Size.B, R1, R10, at)
            .alu(Alu.AND, R1, 0xF)
            .alu(Alu.LSH, R1, 2)
            .alu(Alu.ADD, R7, R1);
    }

    /** Copies bytes of the packet to the stack. */
    private void load(BpfRegister offset, int to, int length) {
        program.mov(R1, R6).mov(R2, offset).mov(R3, R10).alu(Alu.ADD, R3, to).mov(R4, length)
            .call(BpfHelper.SKB_LOAD_BYTES).jump(Condition.JNE, R0, 0, next);
    }

    private void requirePorts(BpfRegister protocol) {
        Label known = program.label("protocol with ports");
        program.jump(Condition.JEQ, protocol, IpProtocol.IPPROTO_TCP, known)
            .jump(Condition.JNE, protocol, IpProtocol.IPPROTO_UDP, next)
            .bind(known);
    }

    /** An error of the node's stack about a packet of a connection: the quote is as it arrived. */
    private void quoted() {
        load(R7, PORTS, 1);
        program.load(Size.B, R1, R10, PORTS)
            .jump(Condition.JNE, R1, Icmp4Header.ICMP_DEST_UNREACH, next)
            .alu(Alu.ADD, R7, Icmp4Header.LENGTH);
        load(R7, QUOTE, Ipv4Header.LENGTH);
        program.load(Size.B, R8, R10, QUOTE + PROTOCOL_AT);
        requirePorts(R8);
        skipIpHeader(QUOTE);
        load(R7, PORTS, Integer.BYTES);
        key(QUOTE + DESTINATION_AT, QUOTE + SOURCE_AT, PORTS + 2, PORTS);
    }

    /** Makes a key of what is on the stack at these places, and the protocol in R8. */
    private void key(int own, int peer, int ownPort, int peerPort) {
        copy(Size.W, KEY_OWN, own);
        copy(Size.W, KEY_PEER, peer);
        copy(Size.H, KEY_OWN_PORT, ownPort);
        copy(Size.H, KEY_PEER_PORT, peerPort);
        program.store(Size.W, R10, KEY_PROTOCOL, 0).store(Size.B, R10, KEY_PROTOCOL, R8);
    }

    private void keyOfFragments() {
        copy(Size.W, KEY_OWN, IP + SOURCE_AT);
        copy(Size.W, KEY_PEER, IP + DESTINATION_AT);
        program.store(Size.W, R10, KEY_OWN_PORT, 0);
        copy(Size.H, KEY_OWN_PORT, IP + IDENTIFICATION_AT);
        program.store(Size.W, R10, KEY_PROTOCOL, 0).store(Size.B, R10, KEY_PROTOCOL, R8)
            .store(Size.B, R10, KEY_PROTOCOL + 1, 1);
    }

    private void copy(Size size, int to, int from) {
        program.load(size, R1, R10, from).store(size, R10, to, R1);
    }

    private void mapAndKey() {
        program.loadMap(R1, connections).mov(R2, R10).alu(Alu.ADD, R2, KEY);
    }

    /** Leaves 0 in R0 if the key is unknown. */
    private void lookUp() {
        mapAndKey();
        program.call(BpfHelper.MAP_LOOKUP_ELEM);
    }

    private void put() {
        program.store(Size.W, R10, VALUE, 0);
        mapAndKey();
        program.mov(R3, R10).alu(Alu.ADD, R3, VALUE).mov(R4, BpfMap.BPF_ANY).call(BpfHelper.MAP_UPDATE_ELEM);
    }

    private BpfProgram end(String name) {
        program.bind(next).mov(R0, BpfLink.TCX_NEXT).exit();
        return BpfProgram.load(BpfProgram.Type.SCHED_CLS, name, program.assemble(), 0);
    }
}
