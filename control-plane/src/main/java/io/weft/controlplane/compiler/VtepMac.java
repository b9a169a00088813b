package io.weft.controlplane.compiler;

import io.weft.encap.address.MacAddress;
import io.weft.nativebindings.linux.AtomicFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.zip.CRC32C;

/**
 * Ethernet addresses of tunnel endpoints. This node's is kept in a file, so that peers that learnt it stay right across
 * restarts; its first value follows from the node's name, and so do those of Weft nodes that publish none.
 */
public final class VtepMac {
    private static final String FILE = "vtep-mac";

    private VtepMac() {
    }

    /** This node's, made and stored when there is none. */
    public static long keep(Path stateDirectory, String nodeName) throws IOException {
        Path file = stateDirectory.resolve(FILE);
        OptionalLong kept = Files.exists(file) ? MacAddress.parse(Files.readString(file).strip())
            : OptionalLong.empty();
        if (kept.isPresent()) { return kept.getAsLong(); }
        long fresh = ofNode(nodeName);
        Files.createDirectories(stateDirectory);
        AtomicFiles.write(file, (MacAddress.format(fresh) + "\n").getBytes(StandardCharsets.UTF_8));
        return fresh;
    }

    /** Follows from the name alone. */
    public static long ofNode(String nodeName) {
        return MacAddress.locallyAdministered(checksum("weft/" + nodeName) << 16 ^ checksum(nodeName));
    }

    private static long checksum(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length);
        return crc.getValue();
    }
}
