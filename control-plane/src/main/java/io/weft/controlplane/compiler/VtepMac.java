package io.weft.controlplane.compiler;

import io.weft.encap.address.MacAddress;
import io.weft.nativebindings.linux.AtomicFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.function.Supplier;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ethernet addresses of tunnel endpoints. This node's is stored in a file, so that peers that learnt it can keep it across restarts. Its
 * first value is derived from the node's name, as are those of Weft nodes that publish none.
 */
public final class VtepMac {
    private static final Logger LOG = LoggerFactory.getLogger(VtepMac.class);
    private static final String FILE = "vtep-mac";
    private static final long GROUP = 1L << 40;

    private VtepMac() {
    }

    /**
     * This node's address, created and stored if there is none. A file without a usable address is overwritten.
     *
     * @param inUse the address in an earlier control plane's tables, which peers may have learnt; empty if there are none
     * @param published the address in the annotations of this node's Node, by which peers have found it; asked only if there is no other
     */
    public static long keep(Path stateDirectory, String nodeName, OptionalLong inUse, Supplier<OptionalLong> published)
        throws IOException {
        Path file = stateDirectory.resolve(FILE);
        if (Files.exists(file)) {
            OptionalLong kept = MacAddress.parse(Files.readString(file, StandardCharsets.ISO_8859_1).strip());
            if (isUsable(kept)) { return kept.getAsLong(); }
            LOG.warn("{}: contains no unicast Ethernet address; it is overwritten", file);
        }
        long fresh = isUsable(inUse) ? inUse.getAsLong() : adopted(published.get(), nodeName);
        Files.createDirectories(stateDirectory);
        AtomicFiles.write(file, (MacAddress.format(fresh) + "\n").getBytes(StandardCharsets.UTF_8));
        return fresh;
    }

    private static long adopted(OptionalLong published, String nodeName) {
        if (!isUsable(published)) { return ofNode(nodeName); }
        LOG.info("the tunnel keeps the Ethernet address {} of this node's annotations",
            MacAddress.format(published.getAsLong()));
        return published.getAsLong();
    }

    private static boolean isUsable(OptionalLong address) {
        return address.isPresent() && address.getAsLong() != 0 && (address.getAsLong() & GROUP) == 0;
    }

    /** Derived from the name alone. */
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
