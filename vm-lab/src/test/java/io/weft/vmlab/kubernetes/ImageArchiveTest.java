package io.weft.vmlab.kubernetes;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The archive has what {@code docker load} and containerd read; the tar format as POSIX.1-1988 describes it. */
class ImageArchiveTest {
    private static final int BLOCK = 512;
    private static final String NAME = "registry.test/group/image:1.0";
    private static final byte[] PROGRAM = "x".repeat(BLOCK + 1).getBytes(StandardCharsets.US_ASCII);

    @TempDir Path directory;

    @Test
    void namesTheLayerByItsDigestAndTheImageByItsReference() throws Exception {
        Map<String, byte[]> archive = entries(Files.readAllBytes(write()));
        JsonNode manifest = json(archive.get("manifest.json")).path(0);
        assertEquals(NAME, manifest.path("RepoTags").path(0).asText());
        JsonNode config = json(archive.get(manifest.path("Config").asText()));
        byte[] layer = archive.get(manifest.path("Layers").path(0).asText());
        String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(layer));
        assertEquals("sha256:" + digest, config.path("rootfs").path("diff_ids").path(0).asText());
        assertEquals("/program", config.path("config").path("Entrypoint").path(0).asText());
        assertEquals("serve", config.path("config").path("Cmd").path(0).asText());
    }

    @Test
    void theLayerHasTheFilesInOrder() throws Exception {
        Map<String, byte[]> layer = entries(entries(Files.readAllBytes(write())).get("layer.tar"));
        assertEquals(List.of("bin/", "bin/program", "bin/link"), List.copyOf(layer.keySet()));
        assertArrayEquals(PROGRAM, layer.get("bin/program"));
    }

    @Test
    void leavesNoOtherFile() throws Exception {
        write();
        assertEquals(1, directory.toFile().list().length);
    }

    private Path write() throws IOException {
        Path archive = directory.resolve("image.tar");
        ImageArchive.write(archive, List.of(NAME), "/program", List.of("serve"), layer -> {
            layer.directory("bin", 0755);
            layer.file("bin/program", 0755, PROGRAM);
            layer.symbolicLink("bin/link", "program");
        });
        return archive;
    }

    private static JsonNode json(byte[] text) throws IOException {
        return new ObjectMapper().readTree(text);
    }

    private static Map<String, byte[]> entries(byte[] tar) {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        int at = 0;
        while (tar[at] != 0) {
            assertEquals("ustar", text(tar, at + 257, 6));
            assertEquals(checksum(tar, at), Integer.parseInt(text(tar, at + 148, 8).strip(), 8));
            int size = Integer.parseInt(text(tar, at + 124, 12), 8);
            entries.put(text(tar, at, 100), Arrays.copyOfRange(tar, at + BLOCK, at + BLOCK + size));
            at += BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
        }
        assertEquals(2 * BLOCK, tar.length - at, "two empty blocks end it");
        return entries;
    }

    private static int checksum(byte[] tar, int at) {
        int sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= 148 && i < 156 ? ' ' : tar[at + i];
        }
        return sum;
    }

    private static String text(byte[] tar, int at, int length) {
        String field = new String(tar, at, length, StandardCharsets.US_ASCII);
        int end = field.indexOf(0);
        return end < 0 ? field : field.substring(0, end);
    }
}
