package io.weft.nativebindings.netlink;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.weft.nativebindings.linux.CallState;
import io.weft.nativebindings.linux.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** System calls on namespaces and mounts; all return 0 or -errno. */
final class NamespaceCalls {
    static final int CLONE_NEWNS = 0x00020000; // <linux/sched.h>
    static final int CLONE_NEWUTS = 0x04000000;
    static final int CLONE_NEWNET = 0x40000000;
    static final int MS_BIND = 4096; // <linux/mount.h>
    static final int MS_REC = 16384;
    static final int MS_SLAVE = 1 << 19;
    static final int MS_SHARED = 1 << 20;
    static final int MNT_DETACH = 2; // <linux/fs.h>, not exported; <sys/mount.h>
    static final int LOCK_EX = 2; // <asm-generic/fcntl.h>
    static final int O_PATH = 010000000; // <asm-generic/fcntl.h>
    static final int NSFS_MAGIC = 0x6e736673; // <linux/magic.h>
    static final int NS_GET_NSTYPE = 0xb703; // <linux/nsfs.h>

    /** struct statfs of a 64-bit kernel has 120 bytes; f_type is its first word. */
    private static final int STATFS_BYTES = 256;

    private static final MethodHandle SETNS = Libc.function("setns", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle UNSHARE = Libc.function("unshare", JAVA_INT, JAVA_INT);
    private static final MethodHandle MOUNT = Libc.function("mount", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG,
        JAVA_LONG, JAVA_LONG);
    private static final MethodHandle UMOUNT2 = Libc.function("umount2", JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle FLOCK = Libc.function("flock", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle FSTATFS = Libc.function("fstatfs", JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle IOCTL = Libc.variadic("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG);

    /** Moves only the calling thread to the network namespace of the descriptor. */
    static int setNetworkNamespace(int fd) {
        try {
            CallState state = CallState.current();
            return state.result((int) SETNS.invokeExact(state.segment(), fd, CLONE_NEWNET));
        } catch (Throwable t) {
            throw Libc.unlinked("setns", t);
        }
    }

    /** Moves only the calling thread to a new network namespace. */
    static int unshareNetwork() {
        return unshare(CLONE_NEWNET);
    }

    /** Gives only the calling thread a copy of its mount namespace. */
    static int unshareMounts() {
        return unshare(CLONE_NEWNS);
    }

    /** Gives only the calling thread a copy of its UTS namespace. */
    static int unshareHostName() {
        return unshare(CLONE_NEWUTS);
    }

    private static int unshare(int namespaces) {
        try {
            CallState state = CallState.current();
            return state.result((int) UNSHARE.invokeExact(state.segment(), namespaces));
        } catch (Throwable t) {
            throw Libc.unlinked("unshare", t);
        }
    }

    static int mount(Path source, Path target, long flags) {
        try (Arena arena = Arena.ofConfined()) {
            long from = arena.allocateFrom(source.toString()).address();
            long to = arena.allocateFrom(target.toString()).address();
            long type = arena.allocateFrom("none").address();
            CallState state = CallState.current();
            return state.result((int) MOUNT.invokeExact(state.segment(), from, to, type, flags, 0L));
        } catch (Throwable t) {
            throw Libc.unlinked("mount", t);
        }
    }

    /** Detaches a mount at once; it ends when nothing uses it any more. */
    static int detachMount(Path target) {
        try (Arena arena = Arena.ofConfined()) {
            long path = arena.allocateFrom(target.toString()).address();
            CallState state = CallState.current();
            return state.result((int) UMOUNT2.invokeExact(state.segment(), path, MNT_DETACH));
        } catch (Throwable t) {
            throw Libc.unlinked("umount2", t);
        }
    }

    /** Waits for the exclusive lock on an open file; closing the descriptor releases it. */
    static int lock(int fd) {
        try {
            CallState state = CallState.current();
            return state.result((int) FLOCK.invokeExact(state.segment(), fd, LOCK_EX));
        } catch (Throwable t) {
            throw Libc.unlinked("flock", t);
        }
    }

    /**
     * Whether a descriptor belongs to the file system of namespace files: 1 or 0, or -errno. It need not be open for reading (O_PATH).
     */
    static int isNamespaceFile(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment statfs = arena.allocate(STATFS_BYTES, Long.BYTES);
            CallState state = CallState.current();
            int result = state.result((int) FSTATFS.invokeExact(state.segment(), fd, statfs.address()));
            return result < 0 ? result : statfs.get(JAVA_LONG, 0) == NSFS_MAGIC ? 1 : 0;
        } catch (Throwable t) {
            throw Libc.unlinked("fstatfs", t);
        }
    }

    /** CLONE_NEWNET for a descriptor of a network namespace, the CLONE_ bit of another kind of namespace, or -errno. */
    static int namespaceType(int fd) {
        try {
            CallState state = CallState.current();
            return state.result((int) IOCTL.invokeExact(state.segment(), fd, (long) NS_GET_NSTYPE));
        } catch (Throwable t) {
            throw Libc.unlinked("ioctl", t);
        }
    }

    private NamespaceCalls() {}
}
