package io.weft.nativebindings.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * A terminal whose keys arrive one by one, without an echo: ioctl_tty(2). {@link #close} restores it, which must happen before the process
 * ends. Ctrl-C stays what it is. Cold code.
 *
 * <p>Threads: any, one at a time.
 */
public final class Terminal implements AutoCloseable {
    public static final int TCGETS = 0x5401; // <asm-generic/ioctls.h>
    public static final int TCSETS = 0x5402;
    public static final int TIOCGWINSZ = 0x5413;
    public static final int ICANON = 2; // <asm-generic/termbits.h>
    public static final int ECHO = 8;
    /** Offset of {@code c_lflag} in the kernel's {@code struct termios}, and its length. */
    static final int LFLAG = 12;
    static final int TERMIOS_LENGTH = 36;
    /** Offsets in {@code struct winsize}, and its length. */
    static final int ROWS = 0;
    static final int COLUMNS = 2;
    static final int WINSIZE_LENGTH = 8;

    private static final MethodHandle IOCTL = Libc.variadic("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);

    private final int fd;
    private final int localFlags;

    /** @param rows 0 if the terminal does not know */
    public record Size(int rows, int columns) {
    }

    private Terminal(int fd, int localFlags) {
        this.fd = fd;
        this.localFlags = localFlags;
    }

    /** Whether a descriptor belongs to a terminal. */
    public static boolean isTerminal(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            return ioctl(fd, TCGETS, arena.allocate(TERMIOS_LENGTH, Long.BYTES)) == 0;
        }
    }

    /** @throws LinuxException if the descriptor belongs to no terminal */
    public static Terminal withoutLines(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment termios = arena.allocate(TERMIOS_LENGTH, Long.BYTES);
            LinuxException.check("ioctl(TCGETS)", ioctl(fd, TCGETS, termios));
            int flags = termios.get(JAVA_INT, LFLAG);
            termios.set(JAVA_INT, LFLAG, flags & ~(ICANON | ECHO));
            LinuxException.check("ioctl(TCSETS)", ioctl(fd, TCSETS, termios));
            return new Terminal(fd, flags);
        }
    }

    /** @throws LinuxException if the descriptor belongs to no terminal */
    public static Size size(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(WINSIZE_LENGTH, Long.BYTES);
            LinuxException.check("ioctl(TIOCGWINSZ)", ioctl(fd, TIOCGWINSZ, size));
            return new Size(Short.toUnsignedInt(size.get(JAVA_SHORT, ROWS)),
                Short.toUnsignedInt(size.get(JAVA_SHORT, COLUMNS)));
        }
    }

    /** Restores the terminal as it was; does nothing if it is gone. */
    @Override
    public void close() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment termios = arena.allocate(TERMIOS_LENGTH, Long.BYTES);
            if (ioctl(fd, TCGETS, termios) == 0) {
                termios.set(JAVA_INT, LFLAG, localFlags);
                int _ = ioctl(fd, TCSETS, termios);
            }
        }
    }

    private static int ioctl(int fd, int request, MemorySegment argument) {
        try {
            CallState state = CallState.current();
            return state.result((int) IOCTL.invokeExact(state.segment(), fd, (long) request, argument.address()));
        } catch (Throwable t) {
            throw Libc.unlinked("ioctl", t);
        }
    }
}
