package io.weft.dataplane.graph.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterSizing;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.state.PortDirectory;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.TcpHeader;
import io.weft.encap.packet.UdpHeader;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.nat.SnatPorts;
import io.weft.nativebindings.linux.MappedMemory;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The short way through ip4-input finds out what the long way does, or leaves the packet to it. */
class PlainIp4Test {
    private static final int POD = PortId.FIRST_POD;
    private static final int POD_IP = 0x0AF40102;
    private static final int OTHER_IP = 0x0AF40209;
    private static final int CHUNK = 2048;
    private static final int MAX_FLOWS = 16;

    private final MappedMemory memory = MappedMemory.anonymous(1 << 20, false);
    private final CounterFile counterFile = CounterFile.inMemory(new CounterSizing(1, 4, 1));
    private final FramePool pool = new FramePool(memory.address(), 4, ChunkLayout.aligned(CHUNK));
    private final PortDirectory ports = PortDirectory.EMPTY.with(POD, PortKind.POD, POD_IP, 10, 11, 1450);
    private final FrameBatch batch = new FrameBatch();
    private final Random random = new Random(45);
    private final BatchContext context = new BatchContext(
        new ForwardingState(new Adjacencies(memory.address() + (64 << 10), 1, 1)));
    private final FirstFragments first = new FirstFragments(context);
    private final DropNode drop = new DropNode(counterFile.worker(0), pool, first);
    private final long frame = memory.address() + 256;
    private final long ip = frame + EthernetHeader.LENGTH;
    private FlowLookup flows;
    private Ip4Input input;

    @AfterEach
    void close() {
        counterFile.close();
        memory.close();
    }

    /** The nodes that ip4-input hands packets to; their lists are all that is used of them. */
    private void wire() {
        context.state().publish(ports);
        context.begin(0);
        long at = memory.address() + (128 << 10);
        FlowTable table = FlowTable.create(at, FlowTable.sizeFor(MAX_FLOWS), MAX_FLOWS, 1);
        SnatPorts snat = new SnatPorts(at + (256 << 10), 1000, 1001);
        PortTx tx = new PortTx(counterFile.worker(0), drop);
        Dispatch dispatch = new Dispatch(context, drop, new LocalRewrite(context, drop, tx),
            new Vxlan4Encap(context, drop, tx, pool),
            new UnderlayRewrite(context, drop, tx), new Punt(context, drop, tx),
            new Ip4Frag(counterFile.worker(0), pool));
        Reject reject = new Reject(context, drop, dispatch, counterFile.worker(0), pool, first);
        FlowRewrite rewrite = new FlowRewrite(context, drop, reject, dispatch, table, first);
        FlowCreate create = new FlowCreate(context, drop, reject, new NeighbourHold(context, drop, reject, first, pool),
            dispatch,
            new Icmp4Echo(drop, dispatch, first), rewrite, table, snat, first);
        flows = new FlowLookup(table, create, rewrite);
        Ip4SvReassembly later = new Ip4SvReassembly(context, drop, dispatch,
            new FragmentHold(context, drop, dispatch, pool));
        input = new Ip4Input(context, drop, first, later, new Icmp4ErrorInput(context, drop, dispatch, table, first),
            flows,
            create);
    }

    @Test
    void whateverItTakesTheLongWayTakesInTheSameForm() {
        wire();
        int taken = 0;
        for (int i = 0; i < 300_000; i++) {
            int length = write();
            mutate(length);
            batch.clear();
            batch.add(frame, length + random.nextInt(3) - 1, POD);
            batch.l3[0] = ip;
            batch.flags[0] = 0;
            batch.ingress[0] = random.nextInt(4) == 0 ? Ingress.tunnel(7) : POD;
            int received = batch.length[0];
            if (PlainIp4.parse(batch, 0, ports)) {
                String plain = fields();
                batch.length[0] = received;
                batch.flags[0] = 0;
                input.header(batch, 0);
                assertEquals(1, flows.in().size, "dropped by the long way");
                assertEquals(fields(), plain);
                flows.in().clear();
                taken++;
            } else {
                assertEquals(0, batch.flags[0]);
            }
        }
        assertTrue(taken > 30_000, "plain packets: " + taken);
    }

    @Test
    void wholeOrdinaryPacketsAreTaken() {
        for (int i = 0; i < 10_000; i++) {
            batch.clear();
            batch.add(frame, write(), POD);
            batch.l3[0] = ip;
            batch.ingress[0] = POD;
            assertTrue(PlainIp4.parse(batch, 0, ports));
        }
        batch.ingress[0] = POD + 1;
        assertFalse(PlainIp4.parse(batch, 0, ports));
    }

    private String fields() {
        return batch.length[0] + " " + (batch.l4[0] - ip) + " " + batch.l4Length[0] + " " + batch.flags[0] + " "
            + batch.k0[0] + " "
            + batch.k1[0] + " " + batch.hash[0];
    }

    /** @return the frame's length */
    private int write() {
        boolean tcp = random.nextBoolean();
        int headerLength = tcp ? TcpHeader.LENGTH : UdpHeader.LENGTH;
        int l4Length = headerLength + random.nextInt(60);
        int protocol = tcp ? IpProtocol.IPPROTO_TCP : IpProtocol.IPPROTO_UDP;
        Ipv4Header.write(ip, random.nextInt(256), Ipv4Header.LENGTH + l4Length, protocol, POD_IP, OTHER_IP);
        long at = ip + Ipv4Header.LENGTH;
        if (tcp) {
            TcpHeader.write(at, 1 + random.nextInt(65_535), 80, random.nextInt(), random.nextInt(), TcpHeader.ACK,
                1000);
        } else {
            UdpHeader.write(at, 1 + random.nextInt(65_535), 53, l4Length);
        }
        if (random.nextInt(3) == 0) {
            int partial = InternetChecksum.fold(InternetChecksum.pseudoHeader4(ip, l4Length));
            Memory.putU16(at + (tcp ? TcpHeader.CHECKSUM_OFFSET : UdpHeader.CHECKSUM_OFFSET), partial);
        }
        return EthernetHeader.LENGTH + Ipv4Header.LENGTH + l4Length;
    }

    private void mutate(int length) {
        for (int change = random.nextInt(3); change > 0; change--) {
            long at = ip + random.nextInt(Math.min(length - EthernetHeader.LENGTH, 40));
            Memory.putU8(at, random.nextBoolean() ? random.nextInt() : Memory.u8(at) ^ 1 << random.nextInt(8));
        }
        if (random.nextInt(4) != 0) {
            int headerLength = Ipv4Header.headerLength(ip);
            if (headerLength >= Ipv4Header.LENGTH && headerLength <= length - EthernetHeader.LENGTH) {
                Ipv4Header.writeChecksum(ip);
            }
        }
    }
}
