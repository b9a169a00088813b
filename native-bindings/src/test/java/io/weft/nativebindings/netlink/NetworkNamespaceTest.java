package io.weft.nativebindings.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.nativebindings.support.Requirements;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NetworkNamespaceTest {
    private static final Path NAME = NetworkNamespace.named("nlt-" + ProcessHandle.current().pid() + "-ns");

    @BeforeEach
    void needsRoot() {
        Requirements.root();
    }

    @Test
    void createdNamespaceIsKnownToIpAndDeletedOnce() {
        NetworkNamespace.create(NAME);
        try {
            Requirements.tool("ip");
            assertTrue(
                Requirements.run(ExternalCommand.of("ip", "netns", "list")).contains(NAME.getFileName().toString()));
            assertTrue(isMounted(NAME));
        } finally {
            assertTrue(NetworkNamespace.delete(NAME));
        }
        assertFalse(NetworkNamespace.delete(NAME));
        assertFalse(Files.exists(NAME));
        assertFalse(isMounted(NAME));
    }

    @Test
    void secondOfSameNameIsRefusedAndLeavesFirst() {
        NetworkNamespace.create(NAME);
        try {
            LinuxException refused = assertThrows(LinuxException.class, () -> NetworkNamespace.create(NAME));
            assertEquals("create network namespace " + NAME + ": EEXIST (17) File exists", refused.getMessage());
            assertTrue(isMounted(NAME));
        } finally {
            NetworkNamespace.delete(NAME);
        }
    }

    @Test
    void fileLeftByInterruptedCreateIsDeleted() throws IOException {
        Files.createDirectories(NetworkNamespace.RUN_DIRECTORY);
        Files.createFile(NAME);
        assertTrue(NetworkNamespace.delete(NAME));
        assertFalse(Files.exists(NAME));
    }

    @Test
    void missingNamespaceIsNamed() {
        LinuxException refused = assertThrows(LinuxException.class, () -> NetworkNamespace.open(NAME));
        assertEquals(Errno.ENOENT, refused.errno());
        assertTrue(refused.getMessage().startsWith("open network namespace " + NAME + ": ENOENT"),
            refused.getMessage());
    }

    @Test
    void plainFileIsNotANamespace() throws IOException {
        Path file = Files.createTempFile("nlt-", "");
        try {
            LinuxException refused = assertThrows(LinuxException.class, () -> NetworkNamespace.call(file, () -> 1));
            assertEquals(
                "open network namespace " + file + ": EINVAL (22) Invalid argument. It is not a network namespace",
                refused.getMessage());
        } finally {
            Files.delete(file);
        }
    }

    @Test
    void leftoversOfANamespaceAreNotANamespace(@TempDir Path directory) throws IOException {
        assertFalse(NetworkNamespace.exists(directory.resolve("nothing")));
        assertFalse(NetworkNamespace.exists(directory));
        Path file = Files.createFile(directory.resolve("file"));
        assertFalse(NetworkNamespace.exists(file));
        assertFalse(NetworkNamespace.exists(file.resolve("below-a-file")));
        assertFalse(NetworkNamespace.exists(Files.createSymbolicLink(directory.resolve("a"), directory.resolve("b"))));
        Files.createSymbolicLink(directory.resolve("b"), directory.resolve("a"));
        assertFalse(NetworkNamespace.exists(directory.resolve("b")), "a circle of links");
        assertFalse(NetworkNamespace.exists(Path.of("/proc/self/ns/mnt")), "a namespace of another kind");
        assertFalse(NetworkNamespace.exists(Path.of("/dev/null")));
        Requirements.run(ExternalCommand.of("mkfifo", directory.resolve("fifo").toString()));
        assertFalse(NetworkNamespace.exists(directory.resolve("fifo")));
        assertTrue(NetworkNamespace.exists(Path.of("/proc/self/ns/net")));
    }

    @Test
    void aNamespaceIsKnownByEveryPath(@TempDir Path directory) throws IOException {
        try (TestNamespace inside = new TestNamespace();
            NetworkNamespace named = NetworkNamespace.open(inside.path);
            NetworkNamespace linked = NetworkNamespace.open(
                Files.createSymbolicLink(directory.resolve("link"), inside.path));
            NetworkNamespace here = NetworkNamespace.current();
            NetworkNamespace process = NetworkNamespace.open(Path.of("/proc/self/ns/net"))) {
            assertTrue(named.isSame(linked));
            assertFalse(named.isSame(here));
            assertTrue(here.isSame(process));
        }
    }

    @Test
    void wrongNamesAreRefused() {
        for (String name : List.of("", ".", "..", "a/b")) {
            assertThrows(IllegalArgumentException.class, () -> NetworkNamespace.named(name));
        }
    }

    @Test
    void codeRunsInsideOnAThreadThatEnds() throws InterruptedException {
        try (TestNamespace inside = new TestNamespace();
            NetworkNamespace here = NetworkNamespace.current()) {
            AtomicReference<Thread> thread = new AtomicReference<>();
            long seen = NetworkNamespace.call(inside.path, () -> {
                thread.set(Thread.currentThread());
                try (NetworkNamespace current = NetworkNamespace.current()) {
                    return current.inode();
                }
            });
            assertNotEquals(here.inode(), seen);
            try (NetworkNamespace namespace = NetworkNamespace.open(inside.path);
                NetworkNamespace still = NetworkNamespace.current()) {
                assertEquals(namespace.inode(), seen);
                assertEquals(here.inode(), still.inode());
            }
            thread.get().join();
            assertFalse(thread.get().isVirtual());
        }
    }

    @Test
    void processStartedInsideBelongsToTheNamespace() throws IOException {
        try (TestNamespace inside = new TestNamespace();
            NetworkNamespace namespace = NetworkNamespace.open(inside.path)) {
            Process process = namespace.call(ExternalCommand.of("sleep", "60").builder()::start);
            try (NetworkNamespace ofProcess = NetworkNamespace.open(NetworkNamespace.ofProcess(process.pid()))) {
                assertEquals(namespace.inode(), ofProcess.inode());
            } finally {
                process.destroyForcibly();
            }
        }
    }

    @Test
    void exceptionsArriveAsTheyAre() {
        IOException failure = new IOException("inside");
        AssertionError error = new AssertionError("inside");
        try (TestNamespace inside = new TestNamespace()) {
            assertSame(failure, assertThrows(IOException.class, () -> NetworkNamespace.run(inside.path, () -> {
                throw failure;
            })));
            assertSame(error, assertThrows(AssertionError.class, () -> NetworkNamespace.run(inside.path, () -> {
                throw error;
            })));
        }
    }

    @Test
    void interruptReachesTheCode() throws InterruptedException {
        try (TestNamespace inside = new TestNamespace()) {
            CountDownLatch entered = new CountDownLatch(1);
            AtomicBoolean interruptedInside = new AtomicBoolean();
            AtomicBoolean interruptedOutside = new AtomicBoolean();
            Thread caller = Thread.ofPlatform().start(() -> {
                NetworkNamespace.run(inside.path, () -> {
                    entered.countDown();
                    try {
                        new CountDownLatch(1).await();
                    } catch (InterruptedException e) {
                        interruptedInside.set(true);
                    }
                });
                interruptedOutside.set(Thread.currentThread().isInterrupted());
            });
            entered.await();
            caller.interrupt();
            caller.join();
            assertTrue(interruptedInside.get());
            assertTrue(interruptedOutside.get());
        }
    }

    @Test
    void closedNamespaceIsNotUsed() {
        NetworkNamespace closed = NetworkNamespace.current();
        closed.close();
        assertThrows(IllegalStateException.class, closed::fd);
        assertThrows(IllegalStateException.class, () -> closed.run(() -> {}));
    }

    @Test
    void openNamespaceOutlivesItsFile() {
        NetworkNamespace.create(NAME);
        try (NetworkNamespace namespace = NetworkNamespace.open(NAME)) {
            NetworkNamespace.delete(NAME);
            assertEquals(1, namespace.call(() -> loopbackIndex()));
        }
    }

    @Test
    void twoHundredCyclesLeaveNothingBehind() {
        try (TestNamespace node = new TestNamespace()) {
            cycle(node); // class loading opens files
            long descriptors = openDescriptors();
            long mounts = mounts();
            for (int i = 0; i < 200; i++) {
                cycle(node);
            }
            assertEquals(descriptors, openDescriptors());
            assertEquals(mounts, mounts());
            Await.until("the links of deleted namespaces are gone", () -> veths(node) == 0);
        }
    }

    private static void cycle(TestNamespace node) {
        NetworkNamespace.create(NAME);
        try (NetworkNamespace namespace = NetworkNamespace.open(NAME)) {
            Link host = node.rtnetlink.createVeth(VethSpec.of("weft-cycle", "eth0").withPeerNamespace(namespace.fd()));
            try (Rtnetlink inside = Rtnetlink.openIn(NAME)) {
                assertEquals(host.peerIndex(), inside.link("eth0").orElseThrow().index());
            }
            assertTrue(node.rtnetlink.deleteLink(host.index()));
        } finally {
            NetworkNamespace.delete(NAME);
        }
    }

    private static long veths(TestNamespace node) {
        return node.rtnetlink.links().stream().filter(link -> link.kind().equals("veth")).count();
    }

    private static int loopbackIndex() {
        try (Rtnetlink rtnetlink = Rtnetlink.open()) {
            return rtnetlink.link("lo").orElseThrow().index();
        }
    }

    private static long openDescriptors() {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static long mounts() {
        return mountLines().stream().filter(line -> line.contains("nlt-" + ProcessHandle.current().pid())).count();
    }

    private static boolean isMounted(Path path) {
        return mountLines().stream().anyMatch(line -> line.contains(" " + path + " "));
    }

    private static List<String> mountLines() {
        try {
            return Files.readAllLines(Path.of("/proc/self/mountinfo"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
