package io.weft.controlplane.status;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.nativebindings.linux.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** {@code <run>/control-plane.json}: replaced as a whole, so that a reader never sees half of it. */
public final class StatusFile {
    private static final String NAME = "control-plane.json";
    private static final ObjectMapper JSON = new ObjectMapper()
        .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    private StatusFile() {
    }

    public static void write(Path runDirectory, ControlPlaneStatus status) throws IOException {
        AtomicFiles.write(runDirectory.resolve(NAME), JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(status));
    }

    /** @return empty if there is none that can be read */
    public static Optional<ControlPlaneStatus> read(Path runDirectory) {
        try {
            return Optional
                .ofNullable(JSON.readValue(Files.readAllBytes(runDirectory.resolve(NAME)), ControlPlaneStatus.class))
                .filter(ControlPlaneStatus::isWhole);
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
