package io.weft.nativebindings.xdp;

import io.weft.nativebindings.bpf.BpfAssembler;
import io.weft.nativebindings.bpf.BpfHelper;
import io.weft.nativebindings.bpf.BpfLink;
import io.weft.nativebindings.bpf.BpfMap;
import io.weft.nativebindings.bpf.BpfProgram;
import io.weft.nativebindings.bpf.BpfRegister;
import io.weft.nativebindings.bpf.XdpAction;
import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.MappedMemory;
import io.weft.nativebindings.linux.NativeMemory;
import io.weft.nativebindings.support.Await;
import io.weft.nativebindings.support.VethPair;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Uses a socket as a port of the dataplane does, for tests: a pool of chunks, send and receive of whole frames as byte arrays, and a
 * program that redirects every frame of the device to its queue's socket.
 */
final class XskPort implements AutoCloseable {
    static final int CHUNKS = 256;
    static final int RING = 64;
    static final int SEND_AT = 256;

    final MappedMemory memory;
    final XskSocket socket;
    final Deque<Long> pool;
    private final List<AutoCloseable> owned = new ArrayList<>();

    private XskPort(MappedMemory memory, XskSocket socket, Deque<Long> pool) {
        this.memory = memory;
        this.socket = socket;
        this.pool = pool;
    }

    /** Chunks of 2048 bytes, transmit metadata, queue 0, no program. */
    static XskPort open(VethPair.End end) {
        return open(end, new Umem.Layout(2048, 0, true), 0, XskSocket.XDP_COPY | XskSocket.XDP_USE_NEED_WAKEUP);
    }

    static XskPort open(VethPair.End end, Umem.Layout layout, int queue, int flags) {
        MappedMemory memory = MappedMemory.anonymous((long) CHUNKS * layout.chunkSize(), false);
        XskSocket socket = end.call(XskSocket::create);
        Umem umem = Umem.register(socket, memory, layout);
        XskPort port = new XskPort(memory, socket, chunks(umem, 0));
        port.owned.add(socket);
        port.owned.add(memory);
        try {
            socket.createRings(RingSizes.all(RING));
            end.call(() -> {
                socket.bind(end.ifindex(), queue, flags);
                return null;
            });
        } catch (RuntimeException e) {
            port.close();
            throw e;
        }
        return port;
    }

    /** A second socket on the same UMEM and pool. */
    static XskPort shared(VethPair.End end, int queue, XskPort first) {
        XskSocket socket = end.call(XskSocket::create);
        XskPort port = new XskPort(first.memory, socket, first.pool);
        port.owned.add(socket);
        try {
            socket.createRings(RingSizes.all(RING));
            end.call(() -> {
                socket.bindShared(end.ifindex(), queue, first.socket.umem());
                return null;
            });
        } catch (RuntimeException e) {
            port.close();
            throw e;
        }
        return port;
    }

    /** Attaches a program that redirects queue i of the device to the i-th of the given ports. */
    static AutoCloseable redirect(VethPair.End end, BpfLink.Mode mode, XskPort... ports) {
        return end.call(() -> {
            BpfMap sockets = BpfMap.xskMap("test_sockets", ports.length);
            BpfProgram program = BpfProgram.loadXdp("test_redirect", redirectProgram(sockets));
            for (int queue = 0; queue < ports.length; queue++) {
                sockets.put(queue, ports[queue].socket);
            }
            BpfLink link = BpfLink.attachXdp(program, end.ifindex(), mode);
            return () -> {
                link.close();
                program.close();
                sockets.close();
            };
        });
    }

    XskPort attached(VethPair.End end) {
        owned.add(0, redirect(end, BpfLink.Mode.NATIVE, this));
        return this;
    }

    static BpfAssembler redirectProgram(BpfMap sockets) {
        return new BpfAssembler()
            .load(BpfAssembler.Size.W, BpfRegister.R2, BpfRegister.R1, XdpAction.CONTEXT_RX_QUEUE_INDEX)
            .loadMap(BpfRegister.R1, sockets)
            .mov(BpfRegister.R3, XdpAction.XDP_PASS)
            .call(BpfHelper.REDIRECT_MAP)
            .exit();
    }

    void fill(int count) {
        int room = socket.fill().reserve(count);
        if (room < count) { throw new IllegalStateException("fill ring has room for " + room); }
        for (int i = 0; i < count; i++) {
            socket.fill().put(i, pool.removeFirst());
        }
        socket.fill().submit(count);
    }

    /** Puts one frame into the tx ring without a kick; splits a longer one into several descriptors of {@code piece} bytes. */
    void enqueue(byte[] frame, int options, int piece) {
        int pieces = Math.max(1, (frame.length + piece - 1) / piece);
        if (socket.tx().reserve(pieces) < pieces) { throw new IllegalStateException("tx ring is full"); }
        for (int i = 0; i < pieces; i++) {
            long at = pool.removeFirst() + SEND_AT;
            int length = Math.min(piece, frame.length - i * piece);
            MemorySegment.copy(frame, i * piece, bytes(at, length), ValueLayout.JAVA_BYTE, 0, length);
            int more = i < pieces - 1 ? XdpDescriptor.XDP_PKT_CONTD : 0;
            socket.tx().put(i, at, length, i == 0 ? options | more : more);
        }
        socket.tx().submit(pieces);
    }

    /** Sends frames that fit into a chunk, and waits until the kernel has completed them. */
    void send(byte[]... frames) {
        for (byte[] frame : frames) {
            enqueue(frame, 0, 1024);
        }
        flush();
    }

    /** Kicks until all frames are completed; chunks return to the pool. */
    void flush() {
        int due = socket.tx().outstanding();
        int[] done = {0};
        Await.until("completions", () -> {
            int result = socket.kick();
            if (result < 0 && result != -Errno.EAGAIN && result != -Errno.EBUSY && result != -Errno.ENOBUFS) {
                throw new IllegalStateException("kick: " + Errno.name(-result));
            }
            done[0] += complete();
            return socket.tx().outstanding() == 0 && done[0] >= due;
        });
    }

    int complete() {
        int count = socket.completion().peek(RING);
        for (int i = 0; i < count; i++) {
            pool.addLast(socket.completion().at(i) & -socket.umem().chunkSize());
        }
        socket.completion().release(count);
        return count;
    }

    /** Waits for this many whole frames; chunks return to the pool. */
    List<byte[]> receive(int frames) {
        List<byte[]> received = new ArrayList<>();
        List<byte[]> parts = new ArrayList<>();
        Await.until(frames + " frames", () -> {
            int count = socket.rx().peek(RING);
            for (int i = 0; i < count; i++) {
                long at = XdpDescriptor.unalignedOffset(socket.rx().address(i));
                parts.add(bytes(at, socket.rx().length(i)).toArray(ValueLayout.JAVA_BYTE));
                pool.addLast(at & -socket.umem().chunkSize());
                if ((socket.rx().options(i) & XdpDescriptor.XDP_PKT_CONTD) == 0) {
                    received.add(joined(parts));
                    parts.clear();
                }
            }
            socket.rx().release(count);
            return received.size() >= frames;
        });
        return received;
    }

    MemorySegment bytes(long offset, long length) {
        return NativeMemory.segment(memory.address() + offset, length);
    }

    /** A frame with an experimental EtherType, a number, and bytes derived from it. */
    static byte[] frame(int length, int number) {
        byte[] frame = new byte[length];
        for (int i = 0; i < length; i++) {
            frame[i] = (byte) (i * 7 + number);
        }
        for (int i = 0; i < 6; i++) {
            frame[i] = (byte) 0xff;
            frame[6 + i] = 2;
        }
        frame[12] = (byte) 0x88;
        frame[13] = (byte) 0xb5;
        return frame;
    }

    @Override
    public void close() {
        for (AutoCloseable closeable : owned) {
            try {
                closeable.close();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private static Deque<Long> chunks(Umem umem, int from) {
        Deque<Long> pool = new ArrayDeque<>();
        for (int i = from; i < umem.chunks(); i++) {
            pool.add((long) i * umem.chunkSize());
        }
        return pool;
    }

    private static byte[] joined(List<byte[]> parts) {
        byte[] whole = new byte[parts.stream().mapToInt(part -> part.length).sum()];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, whole, at, part.length);
            at += part.length;
        }
        return whole;
    }
}
