package io.weft.nativebindings.linux;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Kernel parameters under {@code /proc/sys}. Those below {@code net} belong to the calling platform thread's network namespace. Names use
 * slashes, because a device's name may contain dots: {@code net/ipv4/conf/eth0.5/forwarding}. Cold code.
 */
public final class Sysctl {
    private static final Path ROOT = Path.of("/proc/sys");
    private static final int MAX_BYTES = 4096;

    private Sysctl() {}

    /**
     * The value without the end of line; several values are separated by tabs. Uses a single read(2): the kernel returns a number only to
     * the first read, however few bytes that asks for. {@link Files#readString} starts with one byte, so it would cut the number off.
     */
    public static String read(String name) {
        try (InputStream in = Files.newInputStream(path(name))) {
            byte[] value = new byte[MAX_BYTES];
            int length = in.read(value);
            return new String(value, 0, Math.max(length, 0), StandardCharsets.UTF_8).strip();
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
