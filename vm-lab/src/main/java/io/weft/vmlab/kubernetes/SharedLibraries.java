package io.weft.vmlab.kubernetes;

import io.weft.nativebindings.process.ExternalCommand;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** What a program of this machine needs to run in an image that has nothing else. */
final class SharedLibraries {
    /** A line of ldd(1): {@code libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)} or {@code /lib64/ld-linux-x86-64.so.2 (0x…)}. */
    private static final Pattern FILE = Pattern.compile("\\s(/\\S+) \\(0x");

    private SharedLibraries() {}

    /** The files, as the dynamic linker looks for them; none for a static program. */
    static List<Path> of(Path program) throws IOException {
        return dependencies(program).lines()
            .map(FILE::matcher)
            .flatMap(matcher -> matcher.results().map(match -> Path.of(match.group(1))))
            .toList();
    }

    private static String dependencies(Path program) throws IOException {
        try {
            return ExternalCommand.of("ldd", program.toString()).run().text();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while reading what " + program + " needs", e);
        }
    }
}
