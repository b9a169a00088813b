package io.weft.controlplane.cni.install;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The runtime's directory of network configurations. Runtimes use the first by name for pods (libcni, ConfFiles). */
final class NetworkConfigurations {
    private static final String EXTENSIONS = "*.{conf,conflist,json}";

    private NetworkConfigurations() {
    }

    /** @return names of the files that the runtime prefers to {@code file}, sorted; empty if the directory cannot be read */
    static List<String> before(Path file) {
        String own = file.getFileName().toString();
        List<String> before = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(file.getParent(), EXTENSIONS)) {
            for (Path other : files) {
                String name = other.getFileName().toString();
                if (name.compareTo(own) < 0 && !Files.isDirectory(other)) {
                    before.add(name);
                }
            }
        } catch (IOException e) {
            return List.of();
        }
        before.sort(null);
        return before;
    }
}
