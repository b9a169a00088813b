package io.weft.dataplane.capture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterSizing;
import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.port.MemoryPort;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.table.Overlay;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.nativebindings.linux.MappedMemory;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Frames through a captured port into the ring, and out of it. */
class FrameCaptureTest {
    private static final int PORT = 3;
    private static final int CHUNKS = 256;
    private static final ChunkLayout LAYOUT = ChunkLayout.aligned(2048);
    private static final Overlay OVERLAY = new Overlay(Encapsulation.VXLAN, 1, 8472);

    @TempDir Path directory;

    private final CounterFile counters = CounterFile.inMemory(new CounterSizing(1, 16, 1));
    private MappedMemory memory;
    private FramePool pool;
    private MemoryPort device;
    private final FrameBatch batch = new FrameBatch();
    private Capture capture;
    private Port port;
    private RingFile file;

    /** @param text {@code port direction reason length captured} */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Captured(String text, byte[] bytes) {
    }

    @BeforeEach
    void allocate() {
        memory = MappedMemory.anonymous(LAYOUT.bytes(CHUNKS) + 4096, false);
        pool = new FramePool((memory.address() + 2047) & -2048, CHUNKS, LAYOUT);
        device = new MemoryPort(PORT, pool, counters.worker(0), MemoryPort.Sent.RECYCLED, 256);
    }

    private void begin(int snapLength, boolean dropsOnly, FrameFilter.Spec filter) throws IOException {
        new CaptureRequest(77, snapLength, RingFile.MIN_RING_BYTES, dropsOnly, filter).write(directory);
        capture = Capture.begin(directory, (name, bytes) -> MappedMemory.createFile(directory.resolve(name), bytes),
            List.of(pool), OVERLAY, System.nanoTime());
        port = capture.decorate(0, device);
        file = RingFile.open(directory, CaptureMessage.KIND);
        assertEquals(77, file.id());
    }

    @AfterEach
    void close() {
        if (file != null) {
            file.close();
            capture.close();
        }
        counters.close();
        memory.close();
    }

    private List<Captured> read() {
        List<Captured> read = new ArrayList<>();
        CaptureReader reader = new CaptureReader(file);
        int count;
        do {
            count = reader.read((nanos, id, direction, reason, length, bytes) -> read.add(new Captured(
                id + (direction == CaptureMessage.IN ? " in " : " out ")
                    + (reason < 0 ? "-" : DropReason.of(reason).label()) + " " + length + " " + bytes.length,
                bytes)));
        } while (count > 0);
        return read;
    }

    private static List<String> texts(List<Captured> captured) {
        return captured.stream().map(Captured::text).toList();
    }

    private static byte[] udp(String source, String destination, int sourcePort, int destinationPort, byte... payload) {
        int total = 28 + payload.length;
        return ByteBuffer.allocate(14 + total).putLong(0).putInt(0).putShort((short) 0x0800).put((byte) 0x45)
            .put((byte) 0).putShort((short) total).putInt(0).put((byte) 64).put((byte) 17).putShort((short) 0)
            .putInt(Ipv4Address.of(source)).putInt(Ipv4Address.of(destination)).putShort((short) sourcePort)
            .putShort((short) destinationPort).putShort((short) (8 + payload.length)).putShort((short) 0).put(payload)
            .array();
    }

    private void receive(byte[]... frames) {
        batch.clear();
        for (byte[] frame : frames) {
            assertTrue(device.offer(frame));
        }
        assertEquals(frames.length, port.receive(batch));
    }

    private void transmitAll() {
        FrameList list = new FrameList();
        for (int frame = 0; frame < batch.size; frame++) {
            list.add(frame);
        }
        port.transmit(batch, list);
    }

    @Test
    void bothDirectionsAndTheReasonOfADrop() throws Exception {
        begin(4096, false, FrameFilter.Spec.ALL);
        byte[] frame = udp("10.0.0.1", "10.0.0.2", 1, 2);
        receive(frame, udp("10.0.0.1", "10.0.0.3", 1, 2, new byte[10]));
        capture.drops(0).dropped(batch, 1, DropReason.NO_SUCH_POD, false);
        assertEquals(List.of(), texts(read()), "before the end of the iteration");
        port.flush();
        List<Captured> captured = read();
        assertEquals(List.of("3 in - 42 42", "3 in no_such_pod 52 52"), texts(captured));
        assertEquals(ByteBuffer.wrap(frame), ByteBuffer.wrap(captured.getFirst().bytes()));
        transmitAll();
        port.flush();
        assertEquals(List.of("3 out - 42 42", "3 out - 52 52"), texts(read()));
    }

    @Test
    void onlyDroppedFrames() throws Exception {
        begin(4096, true, FrameFilter.Spec.ALL);
        receive(udp("10.0.0.1", "10.0.0.2", 1, 2), udp("10.0.0.1", "10.0.0.2", 1, 3),
            udp("10.0.0.1", "10.0.0.2", 1, 4));
        capture.drops(0).dropped(batch, 1, DropReason.TTL_EXPIRED, true);
        port.flush();
        transmitAll();
        port.flush();
        assertEquals(List.of("3 in ttl_expired 42 42"), texts(read()));
    }

    /** A frame that was held is dropped in a later iteration: it appears as it is then. */
    @Test
    void aFrameThatIsDroppedLater() throws Exception {
        begin(4096, true, FrameFilter.Spec.ALL);
        receive(udp("10.0.0.1", "10.0.0.2", 1, 2));
        port.flush();
        assertEquals(List.of(), texts(read()));
        capture.drops(0).dropped(batch, 0, DropReason.NEIGHBOUR_UNRESOLVED, false);
        assertEquals(List.of("3 in neighbour_unresolved 42 42"), texts(read()));
    }

    @Test
    void aFilterLooksIntoTunnels() throws Exception {
        int address = Ipv4Address.of("10.244.1.2");
        begin(64, false, new FrameFilter.Spec(FrameFilter.ANY, 0, FrameFilter.ANY, address, 53, 17));
        byte[] inner = udp("10.244.1.2", "10.96.0.10", 4000, 53);
        byte[] vxlan = ByteBuffer.allocate(8 + inner.length).putInt(0x0800_0000).putInt(1 << 8).put(inner).array();
        receive(inner, udp("10.244.1.2", "10.96.0.10", 4000, 54), udp("10.244.1.3", "10.96.0.10", 4000, 53),
            udp("192.0.2.11", "192.0.2.12", 50_000, 8472, vxlan), udp("192.0.2.11", "192.0.2.12", 50_000, 8473, vxlan),
            new byte[20], udp("192.0.2.11", "192.0.2.12", 50_000, 8472, new byte[3]));
        port.flush();
        assertEquals(List.of("3 in - 42 42", "3 in - 92 64"), texts(read()));
    }

    @Test
    void aPodIsItsPortOrItsAddress() {
        FrameFilter pod = new FrameFilter(new FrameFilter.Spec(5, Ipv4Address.of("10.244.1.2"), FrameFilter.ANY, 0,
            FrameFilter.ANY, FrameFilter.ANY), OVERLAY);
        long at = pool.allocate();
        byte[] frame = udp("10.244.1.2", "10.0.0.2", 1, 2);
        io.weft.encap.memory.Memory.copyIn(frame, 0, at, frame.length);
        assertTrue(pod.matches(5, at, 3), "its port, whatever the frame is");
        assertTrue(pod.matches(1, at, frame.length), "its address elsewhere");
        assertFalse(pod.matches(1, at, 33), "cut before the destination");
    }

    @Test
    void whatFindsNoRoomIsCounted() throws Exception {
        begin(4096, false, FrameFilter.Spec.ALL);
        for (int i = 0; i < 20; i++) {
            byte[][] frames = new byte[64][];
            java.util.Arrays.fill(frames, udp("10.0.0.1", "10.0.0.2", 1, 2, new byte[1000]));
            receive(frames);
            port.flush();
            transmitAll();
        }
        int captured = read().size();
        assertTrue(captured > 50 && captured < 64, captured + " fit into 64 KiB");
        assertEquals(20 * 64 * 2 - captured, file.lost());
        receive(udp("10.0.0.1", "10.0.0.2", 1, 2));
        port.flush();
        assertEquals(1, read().size(), "there is room again");
    }

    /** Code that is not compiled yet may allocate, so what counts is whether it ever stops. */
    @Test
    void capturingAllocatesNothing() throws Exception {
        begin(256, false, FrameFilter.Spec.ALL);
        long allocated = Long.MAX_VALUE;
        for (int run = 0; run < 100 && allocated > 0; run++) {
            allocated = allocatedBy(10_000);
        }
        assertEquals(0, allocated);
    }

    private long allocatedBy(int frames) throws Exception {
        byte[] frame = udp("10.0.0.1", "10.0.0.2", 1, 2, new byte[100]);
        FrameList list = new FrameList();
        list.add(0);
        long allocated = 0;
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int i = 0; i < frames; i++) {
            batch.clear();
            device.offer(frame);
            long before = threads.getCurrentThreadAllocatedBytes();
            port.receive(batch);
            capture.drops(0).dropped(batch, 0, DropReason.NO_ROUTE, false);
            port.transmit(batch, list);
            port.flush();
            allocated += threads.getCurrentThreadAllocatedBytes() - before;
        }
        return allocated;
    }

    @Test
    void aWrongRequestIsRefusedWithAReason() {
        assertThrows(IllegalArgumentException.class,
            () -> new CaptureRequest(1, 10, RingFile.MIN_RING_BYTES, false, FrameFilter.Spec.ALL));
        assertThrows(IllegalArgumentException.class,
            () -> new CaptureRequest(1, 64, 100_000, false, FrameFilter.Spec.ALL));
    }

    @Test
    void itIsAbandonedWhenNobodyTouchesIt() throws Exception {
        begin(256, false, FrameFilter.Spec.ALL);
        long now = System.nanoTime();
        assertFalse(capture.isAbandoned(now));
        assertTrue(capture.isAbandoned(now + 4_000_000_000L));
        file.touch(now + 4_000_000_000L);
        assertFalse(capture.isAbandoned(now + 5_000_000_000L));
    }
}
