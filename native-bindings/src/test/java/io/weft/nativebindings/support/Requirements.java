package io.weft.nativebindings.support;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.nativebindings.linux.KernelVersion;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.nativebindings.process.Programs;
import java.io.IOException;
import java.io.UncheckedIOException;

/** What a test needs of the machine; without it the test is skipped and the reason printed. */
public final class Requirements {
    private Requirements() {}

    public static void root() {
        require("root".equals(System.getProperty("user.name")), "needs root");
    }

    public static void kernel(int major, int minor) {
        require(KernelVersion.current().isAtLeast(major, minor), "needs Linux " + major + "." + minor);
    }

    /** A declared program. */
    public static void tool(String name) {
        require(Programs.find(name).isPresent(), "needs the program " + name);
    }

    /** Runs a command to its end; its output, or an exception with it. */
    public static String run(ExternalCommand command) {
        try {
            ExternalCommand.Output output = command.run();
            if (output.exit() != 0) { throw new IllegalStateException(command + ": " + output.text()); }
            return output.text();
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
