package io.weft.nativebindings.netlink;

import io.weft.nativebindings.linux.Descriptors;
import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

/**
 * An open network namespace. While it is open the namespace exists, even if its file is deleted.
 *
 * <p>Named namespaces are files in {@code /run/netns}, as {@code ip netns} creates and reads them. Code runs inside a namespace on a
 * platform thread of its own, which enters it by setns(2) and ends afterwards, so that no pool thread stays in another namespace. Processes
 * and sockets started by that code belong to the namespace. A process that asks to die with its parent (PR_SET_PDEATHSIG) must not do so
 * before that thread has ended, because to the kernel the thread is the parent. All of this needs CAP_SYS_ADMIN.
 */
public final class NetworkNamespace implements AutoCloseable {
    /** Where {@code ip netns} keeps its files. */
    public static final Path RUN_DIRECTORY = Path.of("/run/netns");

    private static final Path OWN = Path.of("/proc/thread-self/ns/net");

    private final Path path;
    private final int fd;
    private boolean closed;

    private NetworkNamespace(Path path, int fd) {
        this.path = path;
        this.fd = fd;
    }

    /** Code that runs inside a namespace. */
    @FunctionalInterface
    public interface Task<T, E extends Exception> {
        T call() throws E;
    }

    /** Like {@link Task}, without a result. */
    @FunctionalInterface
    public interface Action<E extends Exception> {
        void run() throws E;
    }

    /** The file of a named namespace. */
    public static Path named(String name) {
        if (name.isEmpty() || name.contains("/") || name.equals(".") || name.equals("..")) {
            throw new IllegalArgumentException("\"" + name + "\" cannot name a network namespace");
        }
        return RUN_DIRECTORY.resolve(name);
    }

    /** The file of a process's namespace. */
    public static Path ofProcess(long pid) {
        return Path.of("/proc/" + pid + "/ns/net");
    }

    /**
     * Opens the namespace of a file: a {@linkplain #named named} one, a process's, a bind mount of either, or a symbolic link to one of
     * these.
     */
    public static NetworkNamespace open(Path path) {
        int fd = openDescriptor(path);
        if (fd == -Errno.EINVAL) {
            throw new LinuxException("open network namespace " + path, Errno.EINVAL, "It is not a network namespace");
        }
        return new NetworkNamespace(path, LinuxException.check("open network namespace " + path, fd));
    }

    /**
     * Like {@link #open}, but empty if the path does not lead to a network namespace: the path does not exist, or it is a plain file or a
     * directory left behind after the namespace was unmounted, or a namespace of another kind. An error that leaves the question open
     * (permission, no descriptor left) is a {@link LinuxException}.
     */
    public static Optional<NetworkNamespace> find(Path path) {
        int fd = openDescriptor(path);
        return switch (fd) {
            case -Errno.ENOENT, -Errno.ENOTDIR, -Errno.ELOOP, -Errno.ENAMETOOLONG, -Errno.EINVAL -> Optional.empty();
            default -> Optional.of(
                new NetworkNamespace(path, LinuxException.check("open network namespace " + path, fd)));
        };
    }

    /** Whether {@link #find} finds a namespace. */
    public static boolean exists(Path path) {
        Optional<NetworkNamespace> found = find(path);
        found.ifPresent(NetworkNamespace::close);
        return found.isPresent();
    }

    /** Opens the calling thread's own namespace. */
    public static NetworkNamespace current() {
        return open(OWN);
    }

    /**
     * Creates a namespace and binds it to a new file. In {@link #RUN_DIRECTORY} it appears in {@code ip netns}; the directory is created
     * and made a shared mount, as that tool does. The namespace's loopback device is down.
     */
    public static void create(Path path) {
        String operation = "create network namespace " + path;
        if (RUN_DIRECTORY.equals(path.getParent())) {
            prepareRunDirectory();
        }
        int file = Descriptors.open(path, Descriptors.O_RDONLY | Descriptors.O_CREAT | Descriptors.O_EXCL, 0);
        Descriptors.close(LinuxException.check(operation, file));
        try {
            onNewThread(operation, () -> {
                check(operation, NamespaceCalls.unshareNetwork());
                check(operation, NamespaceCalls.mount(OWN, path, NamespaceCalls.MS_BIND));
                return null;
            });
        } catch (RuntimeException e) {
            deleteFile(path);
            throw e;
        }
    }

    /**
     * Removes a namespace's file. The namespace ends once no process, socket or open descriptor uses it. False if there is no such file.
     */
    public static boolean delete(Path path) {
        int result = NamespaceCalls.detachMount(path);
        if (result == -Errno.ENOENT) { return false; }
        if (result != -Errno.EINVAL) { // EINVAL: a file that nothing is mounted on, left by an interrupted create
            check("unmount network namespace " + path, result);
        }
        return deleteFile(path);
    }

    /** Runs code inside a namespace and waits for it. Its exceptions are rethrown unchanged. */
    public static <T, E extends Exception> T call(Path path, Task<T, E> task) throws E {
        try (NetworkNamespace namespace = open(path)) {
            return namespace.call(task);
        }
    }

    /** Runs code inside a new anonymous namespace, which ends when nothing that the code left open uses it. */
    public static <T, E extends Exception> T callInNew(Task<T, E> task) throws E {
        return onNewThread("netns", () -> {
            check("make a network namespace", NamespaceCalls.unshareNetwork());
            return task.call();
        });
    }

    /** Like {@link #call(Path, Task)}. */
    public static <E extends Exception> void run(Path path, Action<E> action) throws E {
        try (NetworkNamespace namespace = open(path)) {
            namespace.run(action);
        }
    }

    /** Like {@link #call(Path, Task)}. An interrupt of the waiting thread is passed on to the code. */
    public <T, E extends Exception> T call(Task<T, E> task) throws E {
        String operation = "enter network namespace " + path;
        return onNewThread("netns " + path.getFileName(), () -> {
            check(operation, NamespaceCalls.setNetworkNamespace(fd()));
            return task.call();
        });
    }

    /** Like {@link #call(Task)}. */
    public <E extends Exception> void run(Action<E> action) throws E {
        call(() -> {
            action.run();
            return null;
        });
    }

    /** The descriptor, for requests that refer to a namespace by it; valid while this is open. */
    public synchronized int fd() {
        if (closed) { throw new IllegalStateException(this + " is closed"); }
        return fd;
    }

    /** Equal for two objects if, and only if, they are the same namespace. */
    public long inode() {
        return (Long) identity().get("ino");
    }

    /** Whether both are the same namespace, opened by any path. */
    public boolean isSame(NetworkNamespace other) {
        return identity().equals(other.identity());
    }

    /** Device and inode, which identify a namespace according to namespaces(7). */
    private Map<String, Object> identity() {
        try {
            return Files.readAttributes(descriptorFile(fd()), "unix:dev,ino");
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the inode of " + this, e);
        }
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            Descriptors.close(fd);
        }
    }

    @Override
    public String toString() {
        return "network namespace " + path;
    }

    /**
     * A descriptor, or -errno: EINVAL if it is not a network namespace. Such a file is never opened for reading, because opening a FIFO
     * waits and opening a device may have an effect.
     */
    private static int openDescriptor(Path path) {
        int handle = Descriptors.open(path, NamespaceCalls.O_PATH, 0);
        if (handle < 0) { return handle; }
        try {
            int namespaceFile = NamespaceCalls.isNamespaceFile(handle);
            if (namespaceFile <= 0) { return namespaceFile < 0 ? namespaceFile : -Errno.EINVAL; }
            int fd = Descriptors.open(descriptorFile(handle), Descriptors.O_RDONLY, 0);
            if (fd >= 0 && NamespaceCalls.namespaceType(fd) != NamespaceCalls.CLONE_NEWNET) {
                Descriptors.close(fd);
                return -Errno.EINVAL;
            }
            return fd;
        } finally {
            Descriptors.close(handle);
        }
    }

    private static Path descriptorFile(int fd) {
        return Path.of("/proc/self/fd/" + fd);
    }

    /** Without a shared mount, other mount namespaces would not see namespaces created later. */
    private static void prepareRunDirectory() {
        try {
            Files.createDirectories(RUN_DIRECTORY);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make the directory " + RUN_DIRECTORY, e);
        }
        String operation = "make " + RUN_DIRECTORY + " a shared mount";
        int directory = LinuxException.check(operation, Descriptors.open(RUN_DIRECTORY, Descriptors.O_RDONLY, 0));
        try {
            check(operation, NamespaceCalls.lock(directory)); // ip-netns takes the same lock: two bind mounts would hide files
            int shared = shareRunDirectory();
            if (shared == -Errno.EINVAL) { // not a mount point yet
                int flags = NamespaceCalls.MS_BIND | NamespaceCalls.MS_REC;
                check(operation, NamespaceCalls.mount(RUN_DIRECTORY, RUN_DIRECTORY, flags));
                shared = shareRunDirectory();
            }
            check(operation, shared);
        } finally {
            Descriptors.close(directory);
        }
    }

    private static int shareRunDirectory() {
        return NamespaceCalls.mount(Path.of(""), RUN_DIRECTORY, NamespaceCalls.MS_SHARED | NamespaceCalls.MS_REC);
    }

    private static boolean deleteFile(Path path) {
        try {
            return Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete the network namespace's file " + path, e);
        }
    }

    private static void check(String operation, int result) {
        if (result == -Errno.EPERM) {
            throw new LinuxException(operation, Errno.EPERM, "This needs the capability CAP_SYS_ADMIN");
        }
        LinuxException.check(operation, result);
    }

    @SuppressWarnings("unchecked") // a task fails with what it declares, or unchecked
    private static <T, E extends Exception> T onNewThread(String name, Task<T, E> task) throws E {
        FutureTask<T> future = new FutureTask<>(task::call);
        Thread thread = Thread.ofPlatform().name(name).start(future);
        joinPassingInterruptsOn(thread);
        if (future.state() == Future.State.SUCCESS) { return future.resultNow(); }
        if (future.exceptionNow() instanceof Error error) { throw error; }
        throw (E) future.exceptionNow();
    }

    private static void joinPassingInterruptsOn(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
                thread.interrupt();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
