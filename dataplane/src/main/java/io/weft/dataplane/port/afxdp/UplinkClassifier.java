package io.weft.dataplane.port.afxdp;

import static io.weft.nativebindings.bpf.BpfAssembler.hostShort;
import static io.weft.nativebindings.bpf.BpfRegister.*;

import io.weft.dataplane.port.UplinkFilter;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.Icmp4Header;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.UdpHeader;
import io.weft.nativebindings.bpf.BpfAssembler;
import io.weft.nativebindings.bpf.BpfAssembler.Alu;
import io.weft.nativebindings.bpf.BpfAssembler.Condition;
import io.weft.nativebindings.bpf.BpfAssembler.Label;
import io.weft.nativebindings.bpf.BpfAssembler.Size;
import io.weft.nativebindings.bpf.BpfHelper;
import io.weft.nativebindings.bpf.BpfMap;
import io.weft.nativebindings.bpf.BpfProgram;
import io.weft.nativebindings.bpf.BpfRegister;
import io.weft.nativebindings.bpf.XdpAction;

/**
 * The XDP program of the uplink: redirects Weft's packets and leaves all others to the kernel, so that SSH and the kubelet never depend on
 * Weft. Weft's packets are untagged IPv4 packets:
 *
 * <ul>
 * <li>to a service CIDR: all;
 * <li>to a frontend of a Service: TCP or UDP to its address and port;
 * <li>to the node's address: the tunnel's, that is UDP to its port, or all packets of its protocol; TCP or UDP to a port, or ICMP echo
 * replies with an identifier, that a masqueraded flow uses;
 * <li>ICMP errors that quote one of these as sent by their destination;
 * <li>fragments to the node's address or that of a frontend: only the first of a datagram shows whose it is, and it need not arrive first.
 * Fragments that are not Weft's return to the node's stack through {@code weft-host}, unchanged.
 * </ul>
 *
 * <p>Registers: R6 context, R7 the current header, R8 end of the packet, R9 the packet's destination in network order: the node's address or
 * a frontend's. The stack's last 8 bytes are the key of the frontend ({@link UplinkMaps}).
 */
final class UplinkClassifier {
    private static final int BYTES_PER_BITMAP = 65_536 / 8;
    private static final int TCP_BITMAP = 0;
    private static final int UDP_BITMAP = 1;
    private static final int ICMP_BITMAP = 2;
    private static final int PORTS_LENGTH = 4;

    private static final int KEY_ADDRESS = -UplinkMaps.KEY_BYTES;
    private static final int KEY_PORT = KEY_ADDRESS + 4;
    private static final int KEY_PROTOCOL = KEY_PORT + 2;

    private static final int ETHERNET_TYPE_AT = 12;
    private static final int IP_FRAGMENT_AT = 6;
    private static final int IP_PROTOCOL_AT = 9;
    private static final int IP_SOURCE_AT = 12;
    private static final int IP_DESTINATION_AT = 16;
    /** MF and the offset, in the header's word; DF is irrelevant. */
    private static final int FRAGMENT_BITS = 0x3FFF;
    private static final int SOURCE_PORT_AT = 0;
    private static final int DESTINATION_PORT_AT = 2;
    private static final int ICMP_IDENTIFIER_AT = 4;

    private final BpfAssembler program = new BpfAssembler();
    private final UplinkMaps maps;
    private final Label pass = program.label("pass");
    private final Label take = program.label("take");
    private final Label quoted = program.label("quoted");
    private final Label frontend = program.label("frontend");

    private UplinkClassifier(UplinkMaps maps) {
        this.maps = maps;
    }

    /** @param sockets XSKMAP by queue */
    static BpfProgram load(BpfMap sockets, UplinkMaps maps) {
        return load(sockets, maps, XdpAction.XDP_PASS);
    }

    /** @param otherwise action for Weft's frames on a queue without a socket */
    static BpfProgram load(BpfMap sockets, UplinkMaps maps, int otherwise) {
        UplinkClassifier classifier = new UplinkClassifier(maps);
        classifier.write(sockets, otherwise);
        return BpfProgram.loadXdp("weft_uplink", classifier.program);
    }

    private void write(BpfMap sockets, int otherwise) {
        Label elsewhere = program.label("elsewhere");
        start();
        ethernet();
        ip(elsewhere);
        byDestination();
        program.bind(elsewhere);
        toServiceCidr();
        toFrontendAddress();
        program.bind(quoted);
        byQuotedSource();
        program.bind(frontend);
        lookUpFrontend().jump(Condition.JEQ, R0, 0, pass);
        program.bind(take);
        PodClassifier.redirect(program, sockets, R6, otherwise);
        program.bind(pass).mov(R0, XdpAction.XDP_PASS).exit();
    }

    private void start() {
        program.mov(R6, R1)
            .load(Size.W, R7, R6, XdpAction.CONTEXT_DATA)
            .load(Size.W, R8, R6, XdpAction.CONTEXT_DATA_END)
            .loadMapValue(R1, maps.target(), UplinkMaps.ADDRESS_AT)
            .load(Size.W, R9, R1, 0)
            .jump32(Condition.JEQ, R9, 0, pass);
    }

    private void ethernet() {
        need(EthernetHeader.LENGTH);
        program.load(Size.H, R1, R7, ETHERNET_TYPE_AT)
            .jump(Condition.JNE, R1, hostShort(EthernetHeader.ETH_P_IP), pass)
            .alu(Alu.ADD, R7, EthernetHeader.LENGTH);
    }

    /**
     * Handles a packet to the node's address and redirects it at once if it is a fragment. Leaves the protocol in R4, and in R7 the address
     * after the IPv4 header. Jumps on for other destinations.
     */
    private void ip(Label elsewhere) {
        need(Ipv4Header.LENGTH);
        program.load(Size.H, R1, R7, IP_FRAGMENT_AT)
            .load(Size.W, R2, R7, IP_DESTINATION_AT)
            .store(Size.W, R10, KEY_ADDRESS, R2)
            .jump32(Condition.JNE, R2, R9, elsewhere)
            .jump(Condition.JSET, R1, hostShort(FRAGMENT_BITS), take);
        skipIpHeader();
    }

    /** Redirects a packet to a service CIDR. Its destination is in R2. */
    private void toServiceCidr() {
        program.mov(R9, R2).loadMapValue(R1, maps.target(), UplinkMaps.CIDRS_AT);
        for (int i = 0; i < UplinkFilter.MAX_SERVICE_CIDRS; i++) {
            int at = i * UplinkMaps.CIDR_BYTES;
            program.load(Size.W, R3, R1, at + UplinkMaps.MASK_AT)
                .alu32(Alu.AND, R3, R9)
                .load(Size.W, R4, R1, at)
                .jump32(Condition.JEQ, R3, R4, take);
        }
    }

    /** Passes a packet whose destination has no frontend to the kernel; redirects fragments; jumps on for others. */
    private void toFrontendAddress() {
        Label icmp = program.label("icmp to a frontend");
        Label ports = program.label("ports of a frontend");
        program.store(Size.W, R10, KEY_PORT, 0);
        lookUpFrontend().jump(Condition.JEQ, R0, 0, pass)
            .load(Size.H, R1, R7, IP_FRAGMENT_AT)
            .jump(Condition.JSET, R1, hostShort(FRAGMENT_BITS), take);
        skipIpHeader();
        program.jump(Condition.JEQ, R4, IpProtocol.IPPROTO_ICMP, icmp)
            .jump(Condition.JEQ, R4, IpProtocol.IPPROTO_TCP, ports)
            .jump(Condition.JNE, R4, IpProtocol.IPPROTO_UDP, pass);
        program.bind(ports);
        loadPort(DESTINATION_PORT_AT, PORTS_LENGTH);
        storePort();
        program.jump(frontend);

        program.bind(icmp);
        need(Icmp4Header.LENGTH);
        jumpIfError();
        program.jump(pass);
    }

    /** Leaves in R0 the value of the map's entry whose key is on the stack, or 0. */
    private BpfAssembler lookUpFrontend() {
        return program.loadMap(R1, maps.frontends()).mov(R2, R10).alu(Alu.ADD, R2, KEY_ADDRESS)
            .call(BpfHelper.MAP_LOOKUP_ELEM);
    }

    /** Completes the key with the port in R2 and the protocol in R4. */
    private void storePort() {
        program.store(Size.H, R10, KEY_PORT, R2).store(Size.B, R10, KEY_PROTOCOL, R4)
            .store(Size.B, R10, KEY_PROTOCOL + 1, 0);
    }

    /** Loads the protocol of the IPv4 header at R7 into R4, and advances R7 past the header. */
    private void skipIpHeader() {
        program.load(Size.B, R4, R7, IP_PROTOCOL_AT)
            .load(Size.B, R5, R7, 0)
            .mov(R1, R5)
            .alu(Alu.RSH, R1, 4)
            .jump(Condition.JNE, R1, 4, pass)
            .alu(Alu.AND, R5, 0xF)
            .alu(Alu.LSH, R5, 2)
            .jump(Condition.JLT, R5, Ipv4Header.LENGTH, pass)
            .alu(Alu.ADD, R7, R5);
    }

    /** Selects packets to the node's address by destination port or identifier; jumps on for ICMP errors and frontends. */
    private void byDestination() {
        Label tcp = program.label("tcp");
        Label udp = program.label("udp");
        Label icmp = program.label("icmp");
        byProtocol(tcp, udp, icmp);
        program.bind(tcp);
        loadPort(DESTINATION_PORT_AT, PORTS_LENGTH);
        storePort();
        takeIfInUse(TCP_BITMAP, frontend);

        program.bind(udp);
        loadPort(DESTINATION_PORT_AT, UdpHeader.LENGTH);
        takeIfTunnelPort();
        storePort();
        takeIfInUse(UDP_BITMAP, frontend);

        program.bind(icmp);
        loadPort(ICMP_IDENTIFIER_AT, Icmp4Header.LENGTH);
        jumpIfError();
        program.jump(Condition.JNE, R1, Icmp4Header.ICMP_ECHOREPLY, pass);
        takeIfInUse(ICMP_BITMAP, pass);
    }

    /** Jumps on for an ICMP error at R7; leaves the type in R1. */
    private void jumpIfError() {
        program.load(Size.B, R1, R7, 0)
            .jump(Condition.JEQ, R1, Icmp4Header.ICMP_DEST_UNREACH, quoted)
            .jump(Condition.JEQ, R1, Icmp4Header.ICMP_TIME_EXCEEDED, quoted)
            .jump(Condition.JEQ, R1, Icmp4Header.ICMP_PARAMETERPROB, quoted);
    }

    /** Handles an ICMP error at R7: selects by source port or identifier of the packet that its destination had sent. */
    private void byQuotedSource() {
        Label tcp = program.label("quoted tcp");
        Label udp = program.label("quoted udp");
        Label icmp = program.label("quoted icmp");
        program.alu(Alu.ADD, R7, Icmp4Header.LENGTH);
        need(Ipv4Header.LENGTH);
        program.load(Size.W, R1, R7, IP_SOURCE_AT).jump32(Condition.JNE, R1, R9, pass);
        skipIpHeader();
        byProtocol(tcp, udp, icmp);
        program.bind(tcp);
        loadPort(SOURCE_PORT_AT, PORTS_LENGTH);
        storePort();
        takeIfInUse(TCP_BITMAP, frontend);

        program.bind(udp);
        loadPort(DESTINATION_PORT_AT, PORTS_LENGTH);
        takeIfTunnelPort();
        program.load(Size.H, R2, R7, SOURCE_PORT_AT);
        storePort();
        takeIfInUse(UDP_BITMAP, frontend);

        program.bind(icmp);
        loadPort(ICMP_IDENTIFIER_AT, Icmp4Header.LENGTH);
        program.load(Size.B, R1, R7, 0).jump(Condition.JNE, R1, Icmp4Header.ICMP_ECHO, pass);
        takeIfInUse(ICMP_BITMAP, pass);
    }

    /** Takes what is of the tunnel's protocol. */
    private void byProtocol(Label tcp, Label udp, Label icmp) {
        program.loadMapValue(R1, maps.target(), UplinkMaps.TUNNEL_PROTOCOL_AT)
            .load(Size.W, R1, R1, 0)
            .jump(Condition.JEQ, R1, R4, take)
            .jump(Condition.JEQ, R4, IpProtocol.IPPROTO_TCP, tcp)
            .jump(Condition.JEQ, R4, IpProtocol.IPPROTO_UDP, udp)
            .jump(Condition.JEQ, R4, IpProtocol.IPPROTO_ICMP, icmp)
            .jump(pass);
    }

    /** Loads a half word of an L4 header of at least {@code headerLength} bytes into R2. */
    private void loadPort(int offset, int headerLength) {
        need(headerLength);
        program.load(Size.H, R2, R7, offset);
    }

    /** Passes the packet to the kernel if it ends before {@code bytes} from R7. */
    private void need(int bytes) {
        program.mov(R1, BpfRegister.R7).alu(Alu.ADD, R1, bytes).jump(Condition.JGT, R1, R8, pass);
    }

    private void takeIfTunnelPort() {
        program.loadMapValue(R1, maps.target(), UplinkMaps.TUNNEL_PORT_AT)
            .load(Size.W, R1, R1, 0)
            .jump(Condition.JEQ, R1, R2, take);
    }

    /** Ends: redirects the packet if the port in R2, in network order, is in use. */
    private void takeIfInUse(int bitmap, Label otherwise) {
        program.toBigEndian(R2, 16)
            .mov(R3, R2)
            .alu(Alu.RSH, R3, 6)
            .alu(Alu.LSH, R3, 3)
            .alu(Alu.AND, R2, Long.SIZE - 1)
            .loadMapValue(R1, maps.snatPorts(), bitmap * BYTES_PER_BITMAP)
            .alu(Alu.ADD, R1, R3)
            .load(Size.DW, R1, R1, 0)
            .alu(Alu.RSH, R1, R2)
            .jump(Condition.JSET, R1, 1, take)
            .jump(otherwise);
    }
}
