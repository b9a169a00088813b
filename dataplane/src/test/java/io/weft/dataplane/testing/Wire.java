package io.weft.dataplane.testing;

import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.ChecksumRequest;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.worker.BatchProcessor;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.L4Checksum;

/** Forwards all frames between port 2 and port 3. */
public final class Wire implements BatchProcessor {
    private final FramePool pool;
    private final WorkerCounters counters;
    private final FrameList one = new FrameList();
    private Port[] ports = {};

    public Wire(FramePool pool, WorkerCounters counters) {
        this.pool = pool;
        this.counters = counters;
    }

    @Override
    public void use(Port[] portsById) {
        ports = portsById;
    }

    @Override
    public void process(FrameBatch batch, long nowNanos) {
        counters.add(FrameTotal.RECEIVED, batch.size);
        for (int i = 0; i < batch.size; i++) {
            int to = 5 - batch.port[i];
            batch.checksum[i] = request(batch.at[i]);
            one.clear();
            one.add(i);
            if (to >= ports.length || ports[to] == null || ports[to].transmit(batch, one) == 0) {
                pool.chains().free(batch.at[i]);
                counters.add(FrameTotal.DROPPED, 1);
            } else {
                counters.add(FrameTotal.SENT, 1);
            }
        }
    }

    private static long request(long at) {
        long ip = at + EthernetHeader.LENGTH;
        if (EthernetHeader.type(at) != EthernetHeader.ETH_P_IP) { return ChecksumRequest.NONE; }
        int protocol = Ipv4Header.protocol(ip);
        int header = Ipv4Header.headerLength(ip);
        int start = EthernetHeader.LENGTH + header;
        int length = Ipv4Header.totalLength(ip) - header;
        if (protocol == IpProtocol.IPPROTO_TCP && L4Checksum.isPartial(ip, at + start, length, protocol)) {
            return ChecksumRequest.of(start, 16);
        }
        boolean udp = protocol == IpProtocol.IPPROTO_UDP && L4Checksum.isPartial(ip, at + start, length, protocol);
        return udp ? ChecksumRequest.of(start, 6) : ChecksumRequest.NONE;
    }
}
