package io.weft.dataplane.warmup;

import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.table.Overlay;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.TcpHeader;
import io.weft.encap.packet.UdpHeader;

/**
 * A port whose peer answers: each sent frame comes back once with its ends exchanged, a SYN as SYN and ACK. Exchanging fields does not
 * change a checksum; the one flag that changes is in segments with a partial checksum.
 *
 * <p>Thread: one. Allocation: none after construction.
 */
final class MirrorPort implements Port {
    /** A frame that has crossed the graph this often does not come back. */
    private static final int MIN_TTL = Ipv4Header.DEFAULT_TTL - 2;
    private static final int TCP_FLAGS_AT = 13;
    private static final int CAPACITY = 4 * FrameBatch.CAPACITY;

    private final int id;
    private final FramePool pool;
    private final Overlay overlay;
    private final long[] at = new long[CAPACITY];
    private final int[] length = new int[CAPACITY];
    private int size;

    MirrorPort(int id, FramePool pool, Overlay overlay) {
        this.id = id;
        this.pool = pool;
        this.overlay = overlay;
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public int receive(FrameBatch into) {
        int count = Math.min(into.room(), size);
        for (int i = 0; i < count; i++) {
            size--;
            if (pool.chains().isChain(at[size])) {
                into.addChain(at[size], length[size], id, pool.chains());
            } else {
                into.add(at[size], length[size], id);
            }
        }
        return count;
    }

    @Override
    public int transmit(FrameBatch batch, FrameList frames) {
        for (int i = 0; i < frames.size; i++) {
            int frame = frames.index[i];
            if (size < CAPACITY && mirror(batch.at[frame], batch.length[frame])) {
                at[size] = batch.at[frame];
                length[size++] = batch.length[frame];
            } else {
                pool.chains().free(batch.at[frame]);
            }
        }
        return frames.size;
    }

    @Override
    public int maxSegments() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void flush() {
        // Nothing waits.
    }

    @Override
    public int reclaim() {
        int chunks = 0;
        while (size > 0) {
            chunks += pool.chains().chunks(at[--size]);
            pool.chains().free(at[size]);
        }
        return chunks;
    }

    /** @return whether the frame is to be answered */
    private boolean mirror(long frame, int bytes) {
        if (bytes < EthernetHeader.LENGTH || EthernetHeader.type(frame) != EthernetHeader.ETH_P_IP) { return false; }
        EthernetHeader.setAddresses(frame, EthernetHeader.source(frame), EthernetHeader.destination(frame));
        return mirrorPacket(frame + EthernetHeader.LENGTH, bytes - EthernetHeader.LENGTH);
    }

    private boolean mirrorPacket(long ip, int bytes) {
        if (bytes < Ipv4Header.LENGTH + UdpHeader.LENGTH) { return false; }
        long l4 = ip + Ipv4Header.headerLength(ip);
        int protocol = Ipv4Header.protocol(ip);
        Ipv4Header.swapAddresses(ip);
        if (overlay.carries(protocol, UdpHeader.destinationPort(l4))) { return mirrorInner(ip, bytes); }
        if (protocol != IpProtocol.IPPROTO_TCP && protocol != IpProtocol.IPPROTO_UDP
            || Ipv4Header.ttl(ip) < MIN_TTL) {
            return false;
        }
        Memory.putI32(l4, Integer.rotateLeft(Memory.i32(l4), Short.SIZE));
        if (protocol == IpProtocol.IPPROTO_TCP && TcpHeader.flags(l4) == TcpHeader.SYN) {
            Memory.putU8(l4 + TCP_FLAGS_AT, TcpHeader.SYN | TcpHeader.ACK);
        }
        return true;
    }

    private boolean mirrorInner(long ip, int bytes) {
        int overhead = overlay.encapsulation().overhead();
        if (overlay.encapsulation().hasInnerEthernet()) {
            return mirror(ip + overhead - EthernetHeader.LENGTH, bytes - overhead + EthernetHeader.LENGTH);
        }
        return mirrorPacket(ip + overhead, bytes - overhead);
    }
}
