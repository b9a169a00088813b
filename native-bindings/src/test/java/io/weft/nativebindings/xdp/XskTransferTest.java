package io.weft.nativebindings.xdp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.bpf.BpfLink;
import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.KernelVersion;
import io.weft.nativebindings.linux.LinuxSocket;
import io.weft.nativebindings.linux.Poll;
import io.weft.nativebindings.support.Await;
import io.weft.nativebindings.support.VethPair;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Sends frames through sockets on both ends of a veth: the cases of the kernel's AF_XDP selftest that apply to copy mode. */
class XskTransferTest {
    private static final int COPY = XskSocket.XDP_COPY;

    @Test
    void framesArriveWholeAndInOrderThroughEveryWrapOfTheRings() {
        try (VethPair veth = new VethPair();
            XskPort a = XskPort.open(veth.a);
            XskPort b = XskPort.open(veth.b).attached(veth.b)) {
            b.fill(XskPort.RING);
            for (int round = 0; round < 50; round++) {
                byte[][] frames = new byte[40][];
                for (int i = 0; i < frames.length; i++) {
                    frames[i] = XskPort.frame(60 + i * 20, round * 40 + i);
                }
                a.send(frames);
                List<byte[]> received = b.receive(frames.length);
                b.fill(frames.length);
                assertEquals(frames.length, received.size());
                for (int i = 0; i < frames.length; i++) {
                    assertArrayEquals(frames[i], received.get(i), "round " + round + " frame " + i);
                }
            }
            assertEquals(XskPort.CHUNKS, a.pool.size());
            assertEquals(XskPort.CHUNKS - XskPort.RING, b.pool.size());
            assertEquals(0, b.socket.statistics().rxDropped());
        }
    }

    @Test
    void receivesInGenericModeAndInBothDirections() throws Exception {
        try (VethPair veth = new VethPair();
            XskPort a = XskPort.open(veth.a);
            XskPort b = XskPort.open(veth.b);
            AutoCloseable onA = XskPort.redirect(veth.a, BpfLink.Mode.GENERIC, a);
            AutoCloseable onB = XskPort.redirect(veth.b, BpfLink.Mode.GENERIC, b)) {
            a.fill(8);
            b.fill(8);
            a.send(XskPort.frame(100, 1));
            assertArrayEquals(XskPort.frame(100, 1), b.receive(1).get(0));
            b.send(XskPort.frame(200, 2));
            assertArrayEquals(XskPort.frame(200, 2), a.receive(1).get(0));
        }
    }

    @Test
    void receivedFrameLeavesHeadroomInFront() {
        Umem.Layout layout = new Umem.Layout(4096, 128, true);
        try (VethPair veth = new VethPair();
            XskPort a = XskPort.open(veth.a);
            XskPort b = XskPort.open(veth.b, layout, 0, COPY).attached(veth.b)) {
            b.fill(1);
            a.send(XskPort.frame(64, 3));
            Await.until("a frame", () -> b.socket.rx().peek(1) == 1);
            assertEquals(256 + 128, b.socket.rx().address(0) % 4096);
            assertEquals(64, b.socket.rx().length(0));
            assertEquals(0, b.socket.rx().options(0));
        }
    }

    @Test
    void unalignedChunksMayStartAnywhere() {
        Umem.Layout layout = new Umem.Layout(3000, 0, false, true);
        try (VethPair veth = new VethPair();
            XskPort a = XskPort.open(veth.a);
            XskPort b = XskPort.open(veth.b, layout, 0, COPY).attached(veth.b)) {
            b.socket.fill().put(0, 1111);
            b.socket.fill().submit(1);
            a.send(XskPort.frame(500, 4));
            Await.until("a frame", () -> b.socket.rx().peek(1) == 1);
            long at = XdpDescriptor.unalignedOffset(b.socket.rx().address(0));
            assertEquals(1111 + 256, at);
            byte[] bytes = b.bytes(at, 500).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
            assertArrayEquals(XskPort.frame(500, 4), bytes);
        }
    }

    @Test
    void invalidFillEntriesAreSkippedWithoutACount() {
        try (VethPair veth = new VethPair();
            XskPort a = XskPort.open(veth.a);
            XskPort b = XskPort.open(veth.b).attached(veth.b)) {
            b.socket.fill().put(0, b.memory.size());
            b.socket.fill().put(1, 5 * 2048 + 77);
            b.socket.fill().submit(2);
            a.send(XskPort.frame(500, 4));
            Await.until("a frame", () -> b.socket.rx().peek(1) == 1);
            assertEquals(5 * 2048 + 256, b.socket.rx().address(0), "bits below the chunk size are ignored");
            assertEquals(0, b.socket.statistics().rxInvalidDescriptors());
            assertEquals(0, b.socket.statistics().fillRingEmpty());
        }
    }

    @Test
    void unalignedChunkThatCrossesTheEndIsSkipped() {
        Umem.Layout layout = new Umem.Layout(3000, 0, false, true);
        try (VethPair veth = new VethPair();
            XskPort a = XskPort.open(veth.a);
            XskPort b = XskPort.open(veth.b, layout, 0, COPY).attached(veth.b)) {
            b.socket.fill().put(0, b.memory.size() - 2999);
            b.socket.fill().put(1, b.memory.size() - 3000);
            b.socket.fill().submit(2);
            a.send(XskPort.frame(500, 4));
            Await.until("a frame", () -> b.socket.rx().peek(1) == 1);
            assertEquals(b.memory.size() - 3000 + 256, XdpDescriptor.unalignedOffset(b.socket.rx().address(0)));
        }
    }

    @Test
    void framesThatOverflowTheRxRingAreCounted() {
        try (VethPair veth = new VethPair();
            XskPort a = XskPort.open(veth.a);
            XskPort b = XskPort.open(veth.b).attached(veth.b)) {
            b.fill(XskPort.RING);
            byte[][] frames = new byte[50][];
            for (int i = 0; i < frames.length; i++) {
                frames[i] = XskPort.frame(60, i);
            }
            a.send(frames);
            Await.until("50 entries", () -> b.socket.rx().peek(XskPort.RING) == 50);
            b.fill(50);
            a.send(frames);
            Await.until("36 lost", () -> b.socket.statistics().rxRingFull() == 36);
            List<byte[]> received = b.receive(64);
            assertArrayEquals(frames[0], received.get(50));
            assertArrayEquals(frames[13], received.get(63));
        }
    }

    @Test
    void emptyFillRingIsCountedAndReceivingContinuesAfterARefill() {
        try (VethPair veth = new VethPair();
            XskPort a = XskPort.open(veth.a);
            XskPort b = XskPort.open(veth.b).attached(veth.b)) {
            a.send(XskPort.frame(60, 1), XskPort.frame(60, 2));
            Await.until("2 misses", () -> b.socket.statistics().fillRingEmpty() == 2);
            assertEquals(XskPort.RING, b.socket.fill().free());
            b.fill(2);
            a.send(XskPort.frame(60, 3));
            assertArrayEquals(XskPort.frame(60, 3), b.receive(1).get(0));
        }
    }

    @Test
    void invalidTransmitDescriptorsAreCountedAndTheOthersAreSent() {
        try (VethPair veth = new VethPair();
            XskPort a = XskPort.open(veth.a);
            XskPort b = XskPort.open(veth.b).attached(veth.b)) {
            b.fill(8);
            TxRing tx = a.socket.tx();
            byte[] good = XskPort.frame(60, 9);
            java.lang.foreign.MemorySegment.copy(
                good, 0, a.bytes(4096 + 256, 60), java.lang.foreign.ValueLayout.JAVA_BYTE, 0, 60);
            tx.put(0, a.memory.size() + 256, 60, 0); // past the UMEM
            tx.put(1, 256, 2000, 0); // across the chunk's end
            tx.put(2, 256, 60, 1 << 7); // unknown option
            tx.put(3, 4096 + 256, 60, 0);
            tx.put(4, 16, 60, 0); // no room for the metadata that this UMEM reserves
            tx.submit(5);
            Await.until("all taken", () -> {
                a.socket.kick();
                return tx.outstanding() == 0;
            });
            assertArrayEquals(good, b.receive(1).get(0));
            assertEquals(4, a.socket.statistics().txInvalidDescriptors());
            CompletionRing completion = a.socket.completion();
            assertEquals(5, completion.peek(XskPort.RING), "refused descriptors are completed too");
            assertEquals(a.memory.size() + 256, completion.at(0));
            assertEquals(16, completion.at(4));
        }
    }

    @Test
    void txRingThatIsFullReservesNothingUntilTheKernelHasTakenSome() {
        try (VethPair veth = new VethPair();
            XskPort a = XskPort.open(veth.a)) {
            for (int i = 0; i < XskPort.RING; i++) {
                a.enqueue(XskPort.frame(60, i), 0, 1024);
            }
            assertEquals(0, a.socket.tx().reserve(1));
            assertEquals(0, a.socket.tx().free());
            assertEquals(XskPort.RING, a.socket.tx().outstanding());
            a.flush();
            assertEquals(XskPort.RING, a.socket.tx().reserve(1000));
            assertEquals(XskPort.CHUNKS, a.pool.size());
        }
    }

    @Test
    void completionRingThatIsNotReadHoldsUpSending() {
        try (VethPair veth = new VethPair();
            XskPort a = XskPort.open(veth.a)) {
            for (int i = 0; i < XskPort.RING; i++) {
                a.enqueue(XskPort.frame(60, i), 0, 1024);
            }
            Await.until("all sent", () -> {
                a.socket.kick();
                return a.socket.tx().outstanding() == 0;
            });
            Await.until("a full ring", () -> a.socket.completion().peek(1000) == XskPort.RING);
            a.enqueue(XskPort.frame(60, 99), 0, 1024);
            assertEquals(-Errno.EAGAIN, a.socket.kick());
            assertEquals(1, a.socket.tx().outstanding());
            assertEquals(XskPort.RING, a.complete());
            a.flush();
            assertEquals(XskPort.CHUNKS, a.pool.size());
        }
    }

    @Test
    void oneKickSendsThirtyTwoUnlessTheBudgetIsRaised() {
        try (VethPair veth = new VethPair();
            XskPort a = XskPort.open(veth.a)) {
            for (int i = 0; i < 40; i++) {
                a.enqueue(XskPort.frame(60, i), 0, 1024);
            }
            assertEquals(-Errno.EAGAIN, a.socket.kick());
            assertEquals(8, a.socket.tx().outstanding());
            a.flush();
            Assumptions.assumeTrue(a.socket.setMaxTxBudget(64), "no XDP_MAX_TX_SKB_BUDGET in this kernel");
            for (int i = 0; i < 40; i++) {
                a.enqueue(XskPort.frame(60, i), 0, 1024);
            }
            assertEquals(0, a.socket.kick());
            assertEquals(0, a.socket.tx().outstanding());
            a.flush();
        }
    }

    @Test
    void pollSeesFramesAndRoomAndTransmitsWithNeedWakeup() {
        try (VethPair veth = new VethPair();
            XskPort a = XskPort.open(veth.a);
            XskPort b = XskPort.open(veth.b).attached(veth.b)) {
            b.fill(8);
            Poll onB = new Poll(1);
            onB.set(0, b.socket.fd(), Poll.POLLIN);
            assertEquals(0, onB.poll(0));
            assertTrue(a.socket.tx().needWakeup());
            a.enqueue(XskPort.frame(60, 1), 0, 1024);
            Poll onA = new Poll(1);
            onA.set(0, a.socket.fd(), Poll.POLLOUT);
            Await.until("poll transmits", () -> onA.poll(10) == 1 && a.socket.tx().outstanding() == 0);
            assertEquals(Poll.POLLOUT, onA.ready(0));
            assertEquals(1, onB.poll(20_000));
            assertEquals(Poll.POLLIN, onB.ready(0));
            assertArrayEquals(XskPort.frame(60, 1), b.receive(1).get(0));
            assertFalse(b.socket.fill().needWakeup());
            assertTrue(b.socket.wakeReceive() <= 0);
        }
    }

    @Test
    void frameOfSeveralDescriptorsArrivesAsOne() {
        Umem.Layout layout = new Umem.Layout(2048, 0, true);
        try (VethPair veth = new VethPair(1, 9000);
            XskPort a = XskPort.open(veth.a, layout, 0, COPY | XskSocket.XDP_USE_SG);
            XskPort b = XskPort.open(veth.b, layout, 0, COPY | XskSocket.XDP_USE_SG).attached(veth.b)) {
            b.fill(32);
            byte[] large = XskPort.frame(5042, 5);
            a.enqueue(large, 0, 1700);
            a.enqueue(XskPort.frame(60, 6), 0, 1700);
            a.flush();
            Await.until("4 descriptors", () -> b.socket.rx().peek(4) == 4);
            assertEquals(XdpDescriptor.XDP_PKT_CONTD, b.socket.rx().options(0));
            assertEquals(XdpDescriptor.XDP_PKT_CONTD, b.socket.rx().options(1));
            assertEquals(0, b.socket.rx().options(2));
            List<byte[]> received = b.receive(2);
            assertArrayEquals(large, received.get(0));
            assertArrayEquals(XskPort.frame(60, 6), received.get(1));
            assertEquals(XskPort.CHUNKS, a.pool.size());
        }
    }

    @Test
    void frameOfSeveralBuffersIsDroppedByASocketBoundForSingleOnes() {
        Umem.Layout layout = new Umem.Layout(2048, 0, true);
        try (VethPair veth = new VethPair(1, 9000);
            XskPort a = XskPort.open(veth.a, layout, 0, COPY | XskSocket.XDP_USE_SG);
            XskPort b = XskPort.open(veth.b, layout, 0, COPY).attached(veth.b)) {
            b.fill(8);
            a.send(XskPort.frame(3000, 5), XskPort.frame(60, 6));
            assertArrayEquals(XskPort.frame(60, 6), b.receive(1).get(0));
            assertEquals(1, b.socket.statistics().rxDropped());
        }
    }

    @Test
    void frameOfMoreThanEighteenDescriptorsIsRefusedWhole() {
        Umem.Layout layout = new Umem.Layout(2048, 0, true);
        try (VethPair veth = new VethPair(1, 60000);
            XskPort a = XskPort.open(veth.a, layout, 0, COPY | XskSocket.XDP_USE_SG);
            XskPort b = XskPort.open(veth.b, layout, 0, COPY | XskSocket.XDP_USE_SG).attached(veth.b)) {
            b.fill(XskPort.RING);
            byte[] max = XskPort.frame(18 * 200, 1);
            a.enqueue(max, 0, 200);
            a.flush();
            assertArrayEquals(max, b.receive(1).get(0));
            a.enqueue(XskPort.frame(19 * 200, 1), 0, 200);
            a.enqueue(max, 0, 200);
            Await.until("all taken", () -> {
                a.socket.kick();
                a.complete();
                return a.socket.tx().outstanding() == 0;
            });
            assertArrayEquals(max, b.receive(1).get(0));
            assertEquals(19, a.socket.statistics().txInvalidDescriptors());
            assertEquals(XskPort.CHUNKS, a.pool.size());
        }
    }

    @Test
    void twoQueuesAndTwoDevicesShareOneUmem() throws Exception {
        try (VethPair veth = new VethPair(2, 1500);
            XskPort onA = XskPort.open(veth.a);
            XskPort onA1 = XskPort.shared(veth.a, 1, onA);
            XskPort onB = XskPort.shared(veth.b, 0, onA);
            XskPort onB1 = XskPort.shared(veth.b, 1, onA);
            AutoCloseable program = XskPort.redirect(veth.b, BpfLink.Mode.NATIVE, onB, onB1)) {
            onB.fill(16);
            onB1.fill(16);
            onA.send(XskPort.frame(70, 1));
            onA1.send(XskPort.frame(80, 2));
            assertArrayEquals(XskPort.frame(70, 1), onB.receive(1).get(0));
            assertArrayEquals(XskPort.frame(80, 2), onB1.receive(1).get(0));
            assertEquals(XskPort.CHUNKS - 30, onA.pool.size());
        }
    }

    @Test
    void metadataCompletesAPartialChecksumAndNoMetadataLeavesIt() throws Exception {
        Assumptions.assumeTrue(KernelVersion.current().isAtLeast(6, 8), "transmit metadata needs Linux 6.8");
        try (VethPair veth = new VethPair();
            XskPort a = XskPort.open(veth.a)) {
            veth.b.ip("addr add 192.0.2.2/24 dev wb");
            DatagramSocket receiver = veth.b.call(() -> new DatagramSocket(4242, InetAddress.getByName("192.0.2.2")));
            try (receiver) {
                receiver.setSoTimeout(30_000);
                long mac = veth.b.mac();
                byte[] refused = UdpFrame.partial(mac, "refused");
                byte[] completed = UdpFrame.partial(mac, "completed");
                a.send(refused);
                long at = a.pool.peekFirst() + XskPort.SEND_AT;
                TxMetadata.requestChecksum(a.memory.address() + at, 14 + 20, 6);
                a.enqueue(completed, XdpDescriptor.XDP_TX_METADATA, 1024);
                a.flush();
                DatagramPacket packet = new DatagramPacket(new byte[100], 100);
                receiver.receive(packet);
                assertEquals("completed", UdpFrame.text(packet), "the datagram with a partial sum was delivered");
            }
        }
    }

    @Test
    void sendingToADeviceThatIsDownOrGoneReturnsItsErrno() {
        try (VethPair veth = new VethPair();
            XskPort a = XskPort.open(veth.a)) {
            a.enqueue(XskPort.frame(60, 1), 0, 1024);
            veth.a.ip("link set wa down");
            assertEquals(-Errno.ENETDOWN, a.socket.kick());
            veth.a.ip("link set wa up");
            veth.a.ip("link delete wa");
            Await.until("ENXIO", () -> a.socket.kick() == -Errno.ENXIO);
            assertEquals(Errno.ENETDOWN, a.socket.takeError());
            assertEquals(0, a.socket.takeError());
        }
    }

    @Test
    void busyPollOptionsAreTaken() {
        try (VethPair veth = new VethPair();
            XskPort a = XskPort.open(veth.a)) {
            int fd = a.socket.fd();
            assertEquals(0, LinuxSocket.setsockopt(fd, LinuxSocket.SOL_SOCKET, LinuxSocket.SO_PREFER_BUSY_POLL, 1));
            assertEquals(0, LinuxSocket.setsockopt(fd, LinuxSocket.SOL_SOCKET, LinuxSocket.SO_BUSY_POLL, 20));
            assertEquals(0, LinuxSocket.setsockopt(fd, LinuxSocket.SOL_SOCKET, LinuxSocket.SO_BUSY_POLL_BUDGET, 64));
            assertFalse(a.socket.isZeroCopy());
        }
    }
}
