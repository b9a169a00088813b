package io.weft.nativebindings.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Kernel parameters under {@code /proc/sys}. Those below {@code net} are of the calling platform thread's network namespace.
 * Names have slashes, as a device's name may have dots: {@code net/ipv4/conf/eth0.5/forwarding}. Cold code.
 */
public final class Sysctl {
    private static final Path ROOT = Path.of("/proc/sys");

    private Sysctl() {}

    /** The value without its line's end. */
    public static String read(String name) {
        try {
            return Files.readString(path(name)).strip();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read sysctl " + name, e);
        }
    }

    public static boolean exists(String name) {
        return Files.exists(path(name));
    }

    public static void write(String name, String value) {
        try {
            Files.writeString(path(name), value, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot set sysctl " + name + " to " + value, e);
        }
    }

    private static Path path(String name) {
        Path path = ROOT.resolve(name).normalize();
        if (!path.startsWith(ROOT) || path.equals(ROOT)) {
            throw new IllegalArgumentException("not a sysctl name: " + name);
        }
        return path;
    }
}
