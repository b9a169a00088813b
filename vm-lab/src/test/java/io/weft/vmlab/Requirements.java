package io.weft.vmlab;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.nativebindings.linux.Capabilities;
import io.weft.nativebindings.linux.Capability;
import io.weft.nativebindings.process.Programs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Requirements of end-to-end tests on the machine; a test that lacks one skips itself and prints the reason. */
public final class Requirements {
    private static final Path GO = Path.of("/usr/local/go/bin/go");

    private Requirements() {}

    public static void root() {
        assume(Capabilities.has(Capability.CAP_SYS_ADMIN),
            "needs root: creates network namespaces and AF_XDP sockets");
    }

    public static void tool(String name) {
        assume(Programs.find(name).isPresent(), "needs the program " + name);
    }

    /** The Go compiler: on the PATH, or where go.dev's archive is unpacked. */
    public static Path go() {
        Optional<Path> go = Programs.find("go").or(() -> Optional.of(GO).filter(Files::isExecutable));
        assume(go.isPresent(), "needs Go, to build cnitool (https://go.dev/dl)");
        return go.orElseThrow();
    }

    /** Skips the test unless {@code holds}, and prints why. */
    public static void assume(boolean holds, String reason) {
        if (!holds) {
            System.out.println("skipped: " + reason);
        }
        assumeTrue(holds, reason);
    }
}
