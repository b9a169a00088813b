package io.weft.nativebindings.xdp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.bpf.BpfLink;
import io.weft.nativebindings.bpf.BpfMap;
import io.weft.nativebindings.bpf.BpfProgram;
import io.weft.nativebindings.bpf.XdpQuery;
import io.weft.nativebindings.linux.Capabilities;
import io.weft.nativebindings.linux.Capability;
import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.MappedMemory;
import io.weft.nativebindings.linux.Rlimits;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.nativebindings.support.InThread;
import io.weft.nativebindings.support.Requirements;
import io.weft.nativebindings.support.VethPair;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Set-up, error messages, and teardown. */
class XskSetupTest {
    private static final Umem.Layout LAYOUT = new Umem.Layout(2048, 0, true);
    private static final long MAX_LOCKED = 256 << 20;
    private static final int COPY = XskSocket.XDP_COPY;

    @BeforeAll
    static void needsRoot() {
        Requirements.root();
    }

    @Test
    void secondOwnerOfAQueueIsRefused() {
        try (VethPair veth = new VethPair();
            XskPort first = XskPort.open(veth.a)) {
            LinuxException e = refusal(() -> XskPort.open(veth.a));
            assertEquals(Errno.EBUSY, e.errno());
            assertEquals("bind(AF_XDP, wa queue 0): EBUSY (16) Device or resource busy."
                + " Another socket owns this queue: stop the other AF_XDP program", e.getMessage());
            first.send(XskPort.frame(60, 1));
        }
    }

    @Test
    void bindWaitsUntilTheFormerOwnerHasReleasedTheQueue() throws Exception {
        try (VethPair veth = new VethPair()) {
            XskPort former = XskPort.open(veth.a);
            CountDownLatch started = new CountDownLatch(1);
            Thread closer = Thread.ofPlatform().start(() -> {
                started.countDown();
                former.close();
            });
            started.await();
            XskPort.open(veth.a).close();
            closer.join();
        }
    }

    @Test
    void missingQueueIsNamed() {
        try (VethPair veth = new VethPair()) {
            LinuxException e = refusal(() -> XskPort.open(veth.a, LAYOUT, 1, COPY));
            assertEquals(Errno.EINVAL, e.errno());
            assertTrue(e.getMessage().contains("wa queue 1"), e.getMessage());
            assertTrue(e.getMessage().contains("Does the device have a queue 1?"), e.getMessage());
        }
    }

    @Test
    void zeroCopyIsRefusedByVethAndTheSameSocketBindsInCopyMode() {
        try (VethPair veth = new VethPair();
            MappedMemory memory = MappedMemory.anonymous(1 << 20, true);
            XskSocket socket = veth.a.call(XskSocket::create)) {
            Umem umem = Umem.register(socket, memory, 4096, 0, false);
            assertEquals(256, umem.chunks());
            socket.createRings(RingSizes.all(64));
            LinuxException e = refusal(() -> veth.a.call(() -> {
                socket.bind(veth.a.ifindex(), 0, XskSocket.XDP_ZEROCOPY);
                return null;
            }));
            assertEquals(Errno.EOPNOTSUPP, e.errno());
            assertTrue(e.getMessage().contains("bind with XDP_COPY"), e.getMessage());
            veth.a.call(() -> {
                socket.bind(veth.a.ifindex(), 0, XskSocket.XDP_COPY);
                return null;
            });
        }
    }

    @Test
    void bindsToADeviceThatIsDownAndNamesOneThatIsMissing() {
        try (VethPair veth = new VethPair()) {
            veth.a.ip("link set wa down");
            XskPort.open(veth.a).close();
            veth.a.ip("link delete wa");
            LinuxException gone = refusal(() -> XskPort.open(veth.a));
            assertEquals(Errno.ENODEV, gone.errno());
            assertTrue(gone.getMessage().contains("ifindex " + veth.a.ifindex()), gone.getMessage());
        }
    }

    @Test
    void sharingOnAnotherDeviceNeedsFillAndCompletionRings() {
        try (VethPair veth = new VethPair();
            XskPort first = XskPort.open(veth.a);
            XskSocket second = veth.b.call(XskSocket::create)) {
            second.createRings(new RingSizes(0, 0, 64, 64));
            LinuxException e = refusal(() -> veth.b.call(() -> {
                second.bindShared(veth.b.ifindex(), 0, first.socket.umem());
                return null;
            }));
            assertEquals(Errno.EINVAL, e.errno());
            assertTrue(e.getMessage().contains("fill and completion rings are needed"), e.getMessage());
        }
    }

    @Test
    void sharingAUmemWhoseDeviceIsGoneIsRefused() {
        try (VethPair anchor = new VethPair();
            VethPair other = new VethPair();
            XskPort first = XskPort.open(anchor.a)) {
            anchor.a.ip("link delete wa");
            LinuxException e = refusal(() -> XskPort.shared(other.a, 0, first));
            assertEquals(Errno.EBADF, e.errno());
            assertTrue(e.getMessage().contains("share another UMEM"), e.getMessage());
        }
    }

    @Test
    void sameRegionRegistersTwiceAsTwoUmems() {
        try (VethPair veth = new VethPair();
            MappedMemory memory = MappedMemory.anonymous(1 << 20, false);
            XskSocket one = veth.a.call(XskSocket::create);
            XskSocket two = veth.b.call(XskSocket::create)) {
            for (XskSocket socket : new XskSocket[]{one, two}) {
                Umem.register(socket, memory, LAYOUT);
                socket.createRings(RingSizes.all(64));
            }
            bind(veth.a, one);
            bind(veth.b, two);
        }
    }

    @Test
    void layoutsTheKernelRefusesAreExplained() {
        for (Umem.Layout layout : new Umem.Layout[]{
            new Umem.Layout(1024, 0, false),
            new Umem.Layout(3000, 0, false),
            new Umem.Layout(8192, 0, false),
            new Umem.Layout(2048, 1800, false)}) {
            try (MappedMemory memory = MappedMemory.anonymous(1 << 20, false);
                XskSocket socket = XskSocket.create()) {
                LinuxException e = refusal(() -> Umem.register(socket, memory, layout));
                assertEquals(Errno.EINVAL, e.errno(), layout.toString());
                assertTrue(e.getMessage().contains("Chunks must be 2048 or 4096 bytes"), e.getMessage());
            }
        }
    }

    @Test
    void socketTakesOneUmem() {
        try (MappedMemory memory = MappedMemory.anonymous(1 << 20, false);
            XskSocket socket = XskSocket.create()) {
            Umem.register(socket, memory, LAYOUT);
            LinuxException e = refusal(() -> Umem.register(socket, memory, LAYOUT));
            assertEquals(Errno.EBUSY, e.errno());
        }
    }

    @Test
    void ringsArePowersOfTwo() {
        assertThrows(IllegalArgumentException.class, () -> RingSizes.all(100));
        assertThrows(IllegalArgumentException.class, () -> new RingSizes(64, 64, 0, 0));
        try (XskSocket socket = XskSocket.create()) {
            assertThrows(IllegalStateException.class, () -> socket.bind(1, 0, 0));
            socket.createRings(new RingSizes(64, 32, 16, 0));
            assertEquals(64, socket.fill().free());
            assertEquals(32, socket.completion().size());
            assertEquals(0, socket.rx().peek(16));
            assertThrows(IllegalStateException.class, () -> socket.createRings(RingSizes.all(64)));
        }
    }

    @Test
    void umemOverTheLimitOfLockedMemoryNamesTheLimit() throws Exception {
        Rlimits.Limit limit = Rlimits.get(Rlimits.RLIMIT_MEMLOCK);
        boolean small = limit.hard() >= 0 && limit.hard() <= MAX_LOCKED;
        Assumptions.assumeTrue(small, "the hard limit of locked memory is too high to reach: " + limit);
        try (MappedMemory memory = MappedMemory.anonymous(limit.hard() + (1 << 20), false)) {
            LinuxException e = InThread.call(() -> {
                Capabilities.drop(Capability.CAP_IPC_LOCK, Capability.CAP_SYS_RESOURCE);
                try (XskSocket socket = XskSocket.create()) {
                    return refusal(() -> Umem.register(socket, memory, LAYOUT));
                }
            });
            assertEquals(Errno.ENOBUFS, e.errno());
            String text = "RLIMIT_MEMLOCK) is " + (limit.hard() >> 10) + " KiB";
            assertTrue(e.getMessage().contains(text), e.getMessage());
            assertTrue(e.getMessage().contains("CAP_IPC_LOCK"), e.getMessage());
        } finally {
            assertEquals(0, Rlimits.set(Rlimits.RLIMIT_MEMLOCK, limit));
        }
    }

    @Test
    void limitOfLockedMemoryIsRaisedIfAllowed() throws Exception {
        Rlimits.Limit before = Rlimits.get(Rlimits.RLIMIT_MEMLOCK);
        try (MappedMemory memory = MappedMemory.anonymous(4 << 20, false)) {
            assertEquals(0, Rlimits.set(Rlimits.RLIMIT_MEMLOCK, new Rlimits.Limit(1 << 20, before.hard())));
            InThread.call(() -> {
                Capabilities.drop(Capability.CAP_IPC_LOCK, Capability.CAP_SYS_RESOURCE);
                try (XskSocket socket = XskSocket.create()) {
                    return Umem.register(socket, memory, LAYOUT);
                }
            });
            assertEquals(before.hard(), Rlimits.get(Rlimits.RLIMIT_MEMLOCK).soft());
        } finally {
            assertEquals(0, Rlimits.set(Rlimits.RLIMIT_MEMLOCK, before));
        }
    }

    @Test
    void missingCapabilitiesAreNamed() {
        LinuxException socket = refusal(() -> InThread.call(() -> {
            Capabilities.drop(Capability.CAP_NET_RAW);
            return XskSocket.create();
        }));
        assertEquals("socket(AF_XDP): EPERM (1) Operation not permitted. AF_XDP needs CAP_NET_RAW",
            socket.getMessage());
        LinuxException map = refusal(() -> InThread.call(() -> {
            Capabilities.drop(Capability.CAP_BPF, Capability.CAP_SYS_ADMIN);
            return BpfMap.xskMap("test", 1);
        }));
        assertTrue(map.getMessage().contains("CAP_BPF and CAP_NET_ADMIN"), map.getMessage());
    }

    @Test
    void anotherProgramIsNamedAndNotReplaced() throws Exception {
        try (VethPair veth = new VethPair();
            XskPort port = XskPort.open(veth.b)) {
            AutoCloseable link = XskPort.redirect(veth.b, BpfLink.Mode.NATIVE, port);
            int id = veth.b.call(() -> XdpQuery.programId(veth.b.ifindex()));
            assertTrue(id > 0);
            LinuxException e = refusal(() -> XskPort.redirect(veth.b, BpfLink.Mode.NATIVE, port));
            assertEquals(Errno.EBUSY, e.errno());
            assertTrue(e.getMessage().contains("XDP program " + id + " (test_redirect) is attached already"),
                e.getMessage());
            assertEquals(id, veth.b.call(() -> XdpQuery.programId(veth.b.ifindex())));
            link.close();
            assertEquals(0, veth.b.call(() -> XdpQuery.programId(veth.b.ifindex())));
        }
    }

    @Test
    void programIsDetachedWhenItsProcessDies() throws Exception {
        try (VethPair veth = new VethPair()) {
            String namespace = veth.b
                .call(() -> Files.readSymbolicLink(Path.of("/proc/thread-self/ns/net")).toString());
            ExternalCommand java = ExternalCommand.java(List.of("--enable-native-access=ALL-UNNAMED", "-cp",
                System.getProperty("java.class.path"), AttachAndWait.class.getName()));
            Process process = veth.b.call(java.builder().redirectErrorStream(true)::start);
            try {
                String line = process.inputReader().readLine();
                assertEquals("attached in " + namespace, line);
                assertTrue(veth.b.call(() -> XdpQuery.programId(veth.b.ifindex())) > 0);
            } finally {
                process.destroyForcibly().waitFor();
            }
            assertEquals(0, veth.b.call(() -> XdpQuery.programId(veth.b.ifindex())));
        }
    }

    @Test
    void largeMtuNeedsAProgramForSeveralBuffers() {
        try (VethPair veth = new VethPair(1, 9000);
            BpfMap sockets = BpfMap.xskMap("test_sockets", 1);
            BpfProgram small = BpfProgram.load(
                BpfProgram.Type.XDP, "single", XskPort.redirectProgram(sockets).assemble(), 0)) {
            LinuxException e = refusal(
                () -> veth.b.call(() -> BpfLink.attachXdp(small, veth.b.ifindex(), BpfLink.Mode.NATIVE)));
            assertEquals(Errno.ERANGE, e.errno());
            assertTrue(e.getMessage().contains("BPF_F_XDP_HAS_FRAGS"), e.getMessage());
        }
    }

    @Test
    void peerWithMoreTransmitQueuesIsExplained() {
        try (VethPair veth = new VethPair(2, 1500);
            BpfMap sockets = BpfMap.xskMap("test_sockets", 1);
            BpfProgram program = BpfProgram.loadXdp("redirect", XskPort.redirectProgram(sockets))) {
            Requirements.tool("ethtool");
            veth.b.exec(ExternalCommand.of("ethtool", "-L", "wb", "rx", "1"));
            LinuxException e = refusal(
                () -> veth.b.call(() -> BpfLink.attachXdp(program, veth.b.ifindex(), BpfLink.Mode.NATIVE)));
            assertEquals(Errno.ENOSPC, e.errno());
            assertTrue(e.getMessage().contains("ethtool -L"), e.getMessage());
        }
    }

    @Test
    void twoHundredCyclesLeakNothing() throws Exception {
        try (VethPair veth = new VethPair()) {
            Set<Long> regions = new HashSet<>();
            cycle(veth, regions);
            long descriptors = descriptors();
            long mappings = ringMappings();
            for (int i = 0; i < 200; i++) {
                cycle(veth, regions);
            }
            assertEquals(descriptors, descriptors());
            assertEquals(mappings, ringMappings());
            assertTrue(regions.size() < 100, "regions are not released: " + regions.size() + " different ones");
        }
    }

    private static void cycle(VethPair veth, Set<Long> regions) {
        try (XskPort b = XskPort.open(veth.b).attached(veth.b)) {
            regions.add(b.memory.address());
            b.fill(4);
            b.send(XskPort.frame(60, 1));
        }
    }

    private static long descriptors() throws IOException {
        try (var files = Files.list(Path.of("/proc/self/fd"))) {
            return files.count();
        }
    }

    private static long ringMappings() throws IOException {
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains("socket:")).count();
        }
    }

    private static void bind(VethPair.End end, XskSocket socket) {
        end.call(() -> {
            socket.bind(end.ifindex(), 0, COPY);
            return null;
        });
    }

    private static LinuxException refusal(Callable<?> task) {
        return assertThrows(LinuxException.class, task::call);
    }
}
