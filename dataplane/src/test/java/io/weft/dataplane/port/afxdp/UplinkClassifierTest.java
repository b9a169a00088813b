package io.weft.dataplane.port.afxdp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.port.UplinkFilter;
import io.weft.dataplane.testing.TestNetwork;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.nat.SnatPorts;
import io.weft.nativebindings.bpf.BpfMap;
import io.weft.nativebindings.bpf.BpfProgram;
import io.weft.nativebindings.bpf.XdpAction;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Runs the program in the kernel, with BPF_PROG_TEST_RUN. There is no socket, so Weft's frames get another verdict here. */
class UplinkClassifierTest {
    private static final int NODE = Ipv4Address.of("192.0.2.11");
    private static final int OTHER = Ipv4Address.of("192.0.2.12");
    private static final int PORT = 61_234;
    private static final int UNUSED = 61_235;
    private static final int TUNNEL = 8472;

    private UplinkMaps maps;
    private BpfMap sockets;
    private BpfProgram program;

    @BeforeEach
    void load() {
        TestNetwork.requireRoot();
        maps = new UplinkMaps();
        maps.setTarget(NODE, IpProtocol.IPPROTO_UDP, TUNNEL);
        SnatPorts ports = new SnatPorts(maps.snatBitmaps(), 61_000, 65_535);
        for (int protocol : new int[]{IpProtocol.IPPROTO_TCP, IpProtocol.IPPROTO_UDP, IpProtocol.IPPROTO_ICMP}) {
            ports.acquire(protocol, PORT);
        }
        sockets = BpfMap.xskMap("dpt_xsk", 1);
        program = UplinkClassifier.load(sockets, maps, XdpAction.XDP_TX);
    }

    @AfterEach
    void unload() {
        if (program != null) {
            program.close();
            sockets.close();
            maps.close();
        }
    }

    @Test
    void takesTheTunnelAndThePortsOfMasqueradedFlows() {
        assertTaken(ip(OTHER, NODE, 17, udp(40_000, TUNNEL)));
        assertTaken(ip(OTHER, NODE, 17, udp(53, PORT)));
        assertTaken(ip(OTHER, NODE, 6, tcp(443, PORT)));
        assertTaken(ip(OTHER, NODE, 1, icmp(0, PORT)));
    }

    @Test
    void passesTheNodesOwnTraffic() {
        assertPassed(ip(OTHER, NODE, 17, udp(53, UNUSED)));
        assertPassed(ip(OTHER, NODE, 6, tcp(40_000, 22)));
        assertPassed(ip(OTHER, NODE, 6, tcp(443, TUNNEL)));
        assertPassed(ip(OTHER, NODE, 1, icmp(0, UNUSED)));
        assertPassed(ip(OTHER, NODE, 1, icmp(8, PORT)));
        assertPassed(ip(OTHER, NODE, 47, new byte[40]));
        assertPassed(ip(OTHER, Ipv4Address.of("192.0.2.99"), 17, udp(40_000, TUNNEL)));
        assertPassed(hex("ffffffffffff020000000001" + "0806" + "0001080006040001" + "00".repeat(20)));
    }

    @Test
    void takesErrorsThatQuoteWhatTheNodeHadSent() {
        for (int type : new int[]{3, 11, 12}) {
            assertTaken(ip(OTHER, NODE, 1, error(type, packet(NODE, OTHER, 6, tcp(PORT, 443)))));
            assertTaken(ip(OTHER, NODE, 1, error(type, packet(NODE, OTHER, 17, udp(PORT, 53)))));
            assertTaken(ip(OTHER, NODE, 1, error(type, packet(NODE, OTHER, 17, udp(50_000, TUNNEL)))));
            assertTaken(ip(OTHER, NODE, 1, error(type, packet(NODE, OTHER, 1, icmp(8, PORT)))));
        }
    }

    @Test
    void passesErrorsThatQuoteAnythingElse() {
        assertPassed(ip(OTHER, NODE, 1, error(3, packet(NODE, OTHER, 6, tcp(22, 40_000)))));
        assertPassed(ip(OTHER, NODE, 1, error(3, packet(NODE, OTHER, 17, udp(UNUSED, 53)))));
        assertPassed(ip(OTHER, NODE, 1, error(3, packet(NODE, OTHER, 1, icmp(0, PORT)))));
        assertPassed(ip(OTHER, NODE, 1, error(3, packet(OTHER, NODE, 6, tcp(PORT, 443)))));
        assertPassed(ip(OTHER, NODE, 1, error(5, packet(NODE, OTHER, 6, tcp(PORT, 443)))));
    }

    @Test
    void readsPastIpOptions() {
        byte[] withOptions = hex(
            "020000000002020000000001" + "0800" + "46000020000000004011" + "0000" + word(OTHER) + word(NODE)
                + "01010101" + "9c40" + "2118" + "00080000");
        assertTaken(withOptions);
    }

    @Test
    void passesTagsAndEveryTruncation() {
        byte[] frame = ip(OTHER, NODE, 17, udp(40_000, TUNNEL));
        byte[] unfragmentable = frame.clone();
        unfragmentable[14 + 6] = 0x40;
        assertTaken(unfragmentable);
        String tagged = HexFormat.of().formatHex(frame);
        assertPassed(hex(tagged.substring(0, 24) + "81000005" + tagged.substring(24)));
        for (int length = 14; length < 14 + 20 + 8; length++) {
            assertPassed(Arrays.copyOf(frame, length));
        }
        byte[] quoting = ip(OTHER, NODE, 1, error(3, packet(NODE, OTHER, 6, tcp(PORT, 443))));
        for (int length = 14; length < 14 + 20 + 8 + 20 + 4; length++) {
            assertPassed(Arrays.copyOf(quoting, length));
        }
    }

    /** Only the first fragment of a datagram shows whether it is Weft's, and it may arrive last. */
    @Test
    void takesFragmentsToTheNodeWhateverTheyCarry() {
        byte[] other = ip(OTHER, Ipv4Address.of("192.0.2.99"), 17, udp(53, PORT));
        for (byte[] frame : new byte[][]{ip(OTHER, NODE, 17, udp(53, UNUSED)), ip(OTHER, NODE, 1, icmp(8, 7)),
            ip(OTHER, NODE, 47, new byte[40]), ip(OTHER, NODE, 17, new byte[8])}) {
            assertPassed(frame);
            assertTaken(fragment(frame, 0x2000));
            assertTaken(fragment(frame, 0x2001));
            assertTaken(fragment(frame, 0x00B9));
            assertTaken(fragment(frame, 0x1FFF));
            assertPassed(fragment(frame, 0x4000));
        }
        assertPassed(fragment(other, 0x2000));
        assertPassed(fragment(other, 0x00B9));
        assertPassed(Arrays.copyOf(fragment(other, 0x2000), 14 + 19));
    }

    private static byte[] fragment(byte[] frame, int flagsAndOffset) {
        byte[] fragment = frame.clone();
        fragment[14 + 6] = (byte) (flagsAndOffset >>> 8);
        fragment[14 + 7] = (byte) flagsAndOffset;
        return fragment;
    }

    @Test
    void passesBadVersionAndHeaderLength() {
        byte[] frame = ip(OTHER, NODE, 17, udp(40_000, TUNNEL));
        for (int first : new int[]{0x65, 0x44, 0x40, 0x05, 0x4F}) {
            byte[] bad = frame.clone();
            bad[14] = (byte) first;
            assertPassed(bad);
        }
    }

    @Test
    void takesWhatIsForFrontends() {
        int vip = Ipv4Address.of("203.0.113.80");
        assertPassed(ip(OTHER, NODE, 6, tcp(4000, 30_080)));
        maps.addFrontend(NODE, 30_080, IpProtocol.IPPROTO_TCP);
        maps.addFrontend(vip, 53, IpProtocol.IPPROTO_UDP);
        maps.addFrontend(vip, 80, IpProtocol.IPPROTO_TCP);
        assertTaken(ip(OTHER, NODE, 6, tcp(4000, 30_080)));
        assertPassed(ip(OTHER, NODE, 17, udp(4000, 30_080)));
        assertPassed(ip(OTHER, NODE, 6, tcp(30_080, 4000)));
        assertTaken(ip(OTHER, vip, 17, udp(4000, 53)));
        assertTaken(ip(OTHER, vip, 6, tcp(4000, 80)));
        assertPassed(ip(OTHER, vip, 6, tcp(4000, 22)));
        assertPassed(ip(OTHER, vip, 17, udp(4000, PORT)));
        assertPassed(ip(OTHER, vip, 17, udp(4000, TUNNEL)));
        assertPassed(ip(OTHER, vip, 1, icmp(8, 1)));
        assertPassed(ip(OTHER, vip, 132, new byte[20]));
        assertTaken(fragment(ip(OTHER, vip, 17, udp(4000, 99)), 0x2000));
        assertTaken(fragment(ip(OTHER, vip, 132, new byte[20]), 0x00B9));
        for (int type : new int[]{3, 11, 12}) {
            assertTaken(ip(OTHER, NODE, 1, error(type, packet(NODE, OTHER, 6, tcp(30_080, 4000)))));
            assertTaken(ip(OTHER, vip, 1, error(type, packet(vip, OTHER, 17, udp(53, 4000)))));
            assertPassed(ip(OTHER, vip, 1, error(type, packet(vip, OTHER, 17, udp(54, 4000)))));
            assertPassed(ip(OTHER, vip, 1, error(type, packet(NODE, OTHER, 6, tcp(30_080, 4000)))));
        }
        maps.removeFrontend(vip, 53, IpProtocol.IPPROTO_UDP);
        assertPassed(ip(OTHER, vip, 17, udp(4000, 53)));
        assertTaken(fragment(ip(OTHER, vip, 17, udp(4000, 99)), 0x2000));
        maps.removeFrontend(vip, 80, IpProtocol.IPPROTO_TCP);
        assertPassed(fragment(ip(OTHER, vip, 17, udp(4000, 99)), 0x2000));
        assertTaken(ip(OTHER, NODE, 6, tcp(4000, 30_080)));
    }

    @Test
    void takesEverythingToServiceCidrs() {
        int clusterIp = Ipv4Address.of("10.96.3.4");
        List<IpPrefix> many = new ArrayList<>();
        for (int i = 0; i < UplinkFilter.MAX_SERVICE_CIDRS - 1; i++) {
            many.add(IpPrefix.of("10." + (100 + i) + ".0.0/16"));
        }
        many.add(IpPrefix.of("10.96.0.0/16"));
        maps.setServiceCidrs(many);
        assertTaken(ip(OTHER, clusterIp, 6, tcp(4000, 80)));
        assertTaken(ip(OTHER, clusterIp, 1, icmp(8, 1)));
        assertTaken(fragment(ip(OTHER, clusterIp, 132, new byte[20]), 0x00B9));
        assertTaken(ip(OTHER, Ipv4Address.of("10.115.0.1"), 6, tcp(4000, 80)));
        assertPassed(ip(OTHER, Ipv4Address.of("10.97.0.1"), 6, tcp(4000, 80)));
        assertPassed(ip(OTHER, 0, 6, tcp(4000, 80)));
        assertPassed(ip(OTHER, -1, 6, tcp(4000, 80)));
        maps.setServiceCidrs(List.of(IpPrefix.of("10.97.0.0/16")));
        assertPassed(ip(OTHER, clusterIp, 6, tcp(4000, 80)));
        assertTaken(ip(OTHER, Ipv4Address.of("10.97.0.1"), 6, tcp(4000, 80)));
    }

    @Test
    void saysThatThereIsNoRoomForAnotherFrontend() {
        try (UplinkMaps small = new UplinkMaps(4)) {
            assertTrue(small.addFrontend(NODE, 1, IpProtocol.IPPROTO_TCP));
            assertTrue(small.addFrontend(NODE, 2, IpProtocol.IPPROTO_TCP));
            assertFalse(small.addFrontend(OTHER, 1, IpProtocol.IPPROTO_TCP));
            assertTrue(small.addFrontend(NODE, 3, IpProtocol.IPPROTO_TCP));
            assertFalse(small.addFrontend(NODE, 4, IpProtocol.IPPROTO_TCP));
            small.removeFrontend(NODE, 1, IpProtocol.IPPROTO_TCP);
            assertTrue(small.addFrontend(NODE, 4, IpProtocol.IPPROTO_TCP));
        }
    }

    @Test
    void redirectsNothingBeforeSetTarget() {
        maps.setTarget(0, IpProtocol.IPPROTO_UDP, 0);
        assertPassed(ip(OTHER, NODE, 17, udp(40_000, TUNNEL)));
        assertPassed(ip(OTHER, 0, 17, udp(40_000, 0)));
    }

    private void assertTaken(byte[] frame) {
        assertEquals(XdpAction.XDP_TX, program.testRun(frame).result(), HexFormat.of().formatHex(frame));
    }

    private void assertPassed(byte[] frame) {
        assertEquals(XdpAction.XDP_PASS, program.testRun(frame).result(), HexFormat.of().formatHex(frame));
    }

    private static byte[] ip(int source, int destination, int protocol, byte[] payload) {
        return join(hex("020000000002020000000001" + "0800"), packet(source, destination, protocol, payload));
    }

    private static byte[] packet(int source, int destination, int protocol, byte[] payload) {
        HexFormat format = HexFormat.of();
        String length = format.toHexDigits((short) (20 + payload.length));
        return join(
            hex("4500" + length + "0000" + "0000" + "40" + format.toHexDigits((byte) protocol) + "0000" + word(source)
                + word(destination)),
            payload);
    }

    private static byte[] udp(int source, int destination) {
        return hex(half(source) + half(destination) + "0008" + "0000");
    }

    private static byte[] tcp(int source, int destination) {
        return hex(half(source) + half(destination) + "00".repeat(8) + "5002" + "00".repeat(6));
    }

    private static byte[] icmp(int type, int identifier) {
        return hex(HexFormat.of().toHexDigits((byte) type) + "00" + "0000" + half(identifier) + "0001");
    }

    private static byte[] error(int type, byte[] quote) {
        return join(hex(HexFormat.of().toHexDigits((byte) type) + "00".repeat(7)), quote);
    }

    private static String word(int value) {
        return HexFormat.of().toHexDigits(value);
    }

    private static String half(int value) {
        return HexFormat.of().toHexDigits((short) value);
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits);
    }

    private static byte[] join(byte[] first, byte[] second) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(first);
        all.writeBytes(second);
        return all.toByteArray();
    }
}
