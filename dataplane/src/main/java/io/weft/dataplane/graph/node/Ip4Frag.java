package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.ChecksumRequest;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameChains;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.frame.FramePool;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.Ipv4Fragmentation;
import io.weft.encap.packet.Ipv4Header;

/**
 * {@code ip4-frag}: fragments packets that are too long for their egress and may be fragmented, as a router does (RFC 791 section 3.2). Their
 * headers are done but for the link's.
 *
 * <p>A batch has room for as many frames as it received, and one packet may become 50. So the node only notes the frames; once the batch has
 * gone through the graph, {@link #fill} writes fragments into a second batch, as many as it holds at a time, which goes through the nodes behind
 * this one. Fragments are copied into chunks of their own, because the packet's chunks may be gone before its last fragment is written.
 *
 * <p>Thread: one worker. Allocation: none after construction.
 */
public final class Ip4Frag extends GraphNode {
    private final WorkerCounters counters;
    private final FramePool pool;
    private final FrameChains chains;
    private final FrameList pending = new FrameList();
    private final int[] egress = new int[FrameBatch.CAPACITY];
    /** Bytes of an IPv4 packet that fit into a chunk. */
    private final int room;
    private int present;
    /** In the payload of the present packet, and how many fragments are before it. */
    private int offset;
    private int fragments;
    /** The frame being fragmented has not ended. */
    private boolean unfinished;
    /** The chunk of the fragment that is being written, until a later node has it; 0 for none. */
    private long writing;

    public Ip4Frag(WorkerCounters counters, FramePool pool) {
        super(GraphNodeId.IP4_FRAG);
        this.counters = counters;
        this.pool = pool;
        chains = pool.chains();
        room = pool.chunkSize() - FramePool.HEADROOM - EthernetHeader.LENGTH;
    }

    void add(int frame, int itsEgress) {
        egress[frame] = itsEgress;
        in().add(frame);
    }

    /** A partial checksum is completed while the packet is whole. */
    @Override
    public void process(FrameBatch batch) {
        FrameList in = in();
        for (int n = 0; n < in.size; n++) {
            L2Rewrite.completeChecksum(batch, in.index[n]);
            pending.add(in.index[n]);
            in.ended = n + 1;
        }
    }

    /**
     * Writes fragments of the frames that are pending into an empty batch.
     *
     * @param batch what the frames are in; nothing in it has changed since the graph ran
     * @return whether there were any: when not, all pending frames have ended
     */
    public boolean fill(Dispatch dispatch, FrameBatch batch, FrameBatch into) {
        while (present < pending.size && into.room() > 0) {
            int frame = pending.index[present];
            unfinished = true;
            int mtu = Math.min(dispatch.mtu(egress[frame]), room);
            if (offset > 0 || canBegin(batch, frame, mtu)) {
                fragment(dispatch, batch, frame, mtu, into);
            }
        }
        if (present == pending.size) {
            present = 0;
            pending.clear();
        }
        return into.size > 0;
    }

    /** All fragments or none: a datagram that lacks one is worth nothing. */
    private boolean canBegin(FrameBatch batch, int frame, int mtu) {
        long ip = batch.l3[frame];
        int max = Ipv4Fragmentation.payload(mtu, Ipv4Header.headerLength(ip));
        if (mtu >= Ipv4Fragmentation.MIN_MTU && pool.free() >= Math.ceilDiv(Ipv4Header.payloadLength(ip), max)) {
            return true;
        }
        end(batch, frame, DropReason.FRAG_NO_BUFFERS);
        return false;
    }

    private void fragment(Dispatch dispatch, FrameBatch batch, int frame, int mtu, FrameBatch into) {
        long ip = batch.l3[frame];
        int total = Ipv4Header.payloadLength(ip);
        int headerLength = offset == 0 ? Ipv4Header.headerLength(ip) : Ipv4Fragmentation.laterHeaderLength(ip);
        while (offset < total && into.room() > 0) {
            int left = total - offset;
            int payload = left <= mtu - headerLength ? left : Ipv4Fragmentation.payload(mtu, headerLength);
            long chunk = pool.allocate();
            if (chunk == 0) {
                end(batch, frame, DropReason.FRAG_NO_BUFFERS);
                return;
            }
            writing = chunk;
            long target = chunk + FramePool.HEADROOM + EthernetHeader.LENGTH;
            Ipv4Fragmentation.writeHeader(ip, target, offset, payload);
            chains.copy(ip, Ipv4Header.headerLength(ip) + offset, target + headerLength, payload);
            dispatch.to(into, add(batch, frame, target, headerLength + payload, into), egress[frame]);
            writing = 0;
            offset += payload;
            fragments++;
            headerLength = Ipv4Fragmentation.laterHeaderLength(ip);
        }
        if (offset == total) {
            end(batch, frame, null);
        }
    }

    private static int add(FrameBatch batch, int frame, long ip, int length, FrameBatch into) {
        int index = into.size;
        into.add(ip - EthernetHeader.LENGTH, EthernetHeader.LENGTH + length, batch.port[frame]);
        into.ingress[index] = batch.ingress[frame];
        into.flags[index] = 0;
        into.l3[index] = ip;
        into.l4[index] = ip + Ipv4Header.headerLength(ip);
        into.l4Length[index] = Ipv4Header.payloadLength(ip);
        into.hash[index] = batch.hash[frame];
        into.checksum[index] = ChecksumRequest.NONE;
        return index;
    }

    /** @param reason null when all of the packet is in its fragments: one of them counts as the frame that was received */
    private void end(FrameBatch batch, int frame, DropReason reason) {
        unfinished = false;
        if (reason != null) {
            counters.drop(batch.port[frame], reason);
            counters.add(FrameTotal.ORIGINATED, fragments);
        } else {
            counters.add(FrameTotal.ORIGINATED, fragments - 1);
        }
        present++;
        offset = 0;
        fragments = 0;
        chains.free(batch.at[frame]);
    }

    /** After an exception of {@link #fill}, with the same batches: drops the frame whose fragments it wrote. Those that are complete are sent. */
    public void abandon(FrameBatch batch, FrameBatch into) {
        freeIncomplete(into);
        if (unfinished) {
            end(batch, pending.index[present], DropReason.INTERNAL_ERROR);
        }
    }

    /** The fragment that was being written, which may be in its batch already, but on no node's list. */
    private void freeIncomplete(FrameBatch into) {
        if (writing == 0) { return; }
        if (into.size > 0 && pool.chunk(into.at[into.size - 1]) == writing) {
            into.size--;
        }
        pool.free(writing);
        writing = 0;
    }
}
