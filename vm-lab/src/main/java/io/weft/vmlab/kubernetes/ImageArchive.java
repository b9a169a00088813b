package io.weft.vmlab.kubernetes;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** A container image of one layer as an archive that {@code ctr images import} takes, in the format of {@code docker save}. */
final class ImageArchive {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CONFIG = "config.json";
    private static final String LAYER = "layer.tar";
    private static final int FILE_MODE = 0644;

    private ImageArchive() {}

    /** Writes the files of an image. */
    @FunctionalInterface
    interface Content {
        void writeTo(TarWriter layer) throws IOException;
    }

    /**
     * Writes the archive.
     *
     * @param names full references, such as {@code registry.k8s.io/pause:3.10.2}
     * @param entrypoint program of a container that sets none
     * @param command its arguments for a container that sets neither
     */
    static void write(Path archive, List<String> names, String entrypoint, List<String> command, Content content)
        throws IOException {
        Path layer = archive.resolveSibling(archive.getFileName() + ".layer");
        String digest = writeLayer(layer, content);
        try (TarWriter tar = new TarWriter(new BufferedOutputStream(Files.newOutputStream(archive)))) {
            tar.file(CONFIG, FILE_MODE, JSON.writeValueAsBytes(Map.of(
                "architecture", architecture(), "os", "linux",
                "config",
                Map.of("Entrypoint", List.of(entrypoint), "Cmd", command, "Env", List.of("PATH=/usr/bin:/bin:/")),
                "rootfs", Map.of("type", "layers", "diff_ids", List.of("sha256:" + digest)))));
            tar.file(LAYER, FILE_MODE, layer);
            tar.file("manifest.json", FILE_MODE, JSON.writeValueAsBytes(
                List.of(Map.of("Config", CONFIG, "RepoTags", names, "Layers", List.of(LAYER)))));
        } finally {
            Files.delete(layer);
        }
    }

    private static String writeLayer(Path layer, Content content) throws IOException {
        MessageDigest digest = sha256();
        OutputStream file = new BufferedOutputStream(Files.newOutputStream(layer));
        try (TarWriter tar = new TarWriter(new DigestOutputStream(file, digest))) {
            content.writeTo(tar);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** As Go names it. */
    private static String architecture() {
        return System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }
}
