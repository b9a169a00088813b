package io.weft.nativebindings.support;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.nativebindings.linux.KernelVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a test needs of the machine; without it the test is skipped and the reason printed. */
public final class Requirements {
    private Requirements() {}

    public static void root() {
        require("root".equals(System.getProperty("user.name")), "needs root");
    }

    public static void kernel(int major, int minor) {
        require(KernelVersion.current().isAtLeast(major, minor), "needs Linux " + major + "." + minor);
    }

    /** A program on the path. */
    public static void tool(String name) {
        boolean found = false;
        for (String directory : System.getenv("PATH").split(":")) {
            found |= Files.isExecutable(Path.of(directory, name));
        }
        require(found, "needs " + name + " on the PATH");
    }

    /** Runs a command to its end; its output, or an exception with it. */
    public static String run(String... command) {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) { throw new IllegalStateException(String.join(" ", command) + ": " + output); }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void require(boolean met, String reason) {
        if (!met) {
            System.out.println("skipped: " + reason);
        }
        assumeTrue(met, reason);
    }
}
