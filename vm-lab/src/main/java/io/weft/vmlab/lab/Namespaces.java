package io.weft.vmlab.lab;

import io.weft.nativebindings.netlink.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The network namespaces of a lab: those whose name starts with the lab's and a dash. */
public final class Namespaces {
    private Namespaces() {}

    public static List<Path> of(String lab) throws IOException {
        if (!Files.isDirectory(NetworkNamespace.RUN_DIRECTORY)) { return List.of(); }
        try (Stream<Path> all = Files.list(NetworkNamespace.RUN_DIRECTORY)) {
            return all.filter(path -> path.getFileName().toString().startsWith(lab + "-")).sorted().toList();
        }
    }
}
