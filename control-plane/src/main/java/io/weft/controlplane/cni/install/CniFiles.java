package io.weft.controlplane.cni.install;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.nativebindings.linux.AtomicFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files by which a container runtime uses Weft: the plug-in {@value #PLUGIN}, its AOT cache, and the network configuration
 * {@value #CONFLIST}. A kubelet reports its node as ready as soon as a network configuration is there, so that is always the last file to
 * come and the first to go. One thread.
 */
public final class CniFiles {
    static final String PLUGIN = "weft-cni";
    static final String CONFLIST = "05-weft.conflist";
    private static final Logger LOG = LoggerFactory.getLogger(CniFiles.class);
    private static final Set<PosixFilePermission> EXECUTABLE = PosixFilePermissions.fromString("rwxr-xr-x");
    /** As the CIS benchmark for Kubernetes wants it (1.1.9). */
    private static final Set<PosixFilePermission> PRIVATE = PosixFilePermissions.fromString("rw-------");

    private final Path plugin;
    private final Path conflist;
    private final Path cacheDirectory;
    private final String conflistText;
    private final String pluginText;
    private final Optional<AotCache> cache;
    private final String pluginConfiguration;

    /** @throws IOException if this Weft's own files cannot be read */
    public CniFiles(NodeConfiguration configuration) throws IOException {
        this(configuration, PluginRuntime.ofThisProcess());
    }

    CniFiles(NodeConfiguration configuration, PluginRuntime runtime) throws IOException {
        plugin = configuration.cni().binDirectory().resolve(PLUGIN);
        conflist = configuration.cni().confDirectory().resolve(CONFLIST);
        cacheDirectory = configuration.stateDirectory().resolve("cni").toAbsolutePath();
        cache = runtime.isCacheable() ? Optional.of(new AotCache(runtime, cacheDirectory)) : Optional.empty();
        pluginText = PluginScript.text(runtime, cache.map(AotCache::file));
        String socket = configuration.cni().socket().toString();
        conflistText = conflist(socket).toPrettyString() + "\n";
        pluginConfiguration = plugin(socket).put("cniVersion", "1.1.0").put("name", "weft").toString();
    }

    /** Runtimes that know {@code cniVersions} (libcni 1.2) take the newest that they support, the others {@code cniVersion}. */
    private static ObjectNode conflist(String socket) {
        ObjectNode list = new ObjectMapper().createObjectNode().put("cniVersion", "1.0.0");
        list.putArray("cniVersions").add("1.0.0").add("1.1.0");
        list.put("name", "weft");
        list.putArray("plugins").add(plugin(socket));
        return list;
    }

    private static ObjectNode plugin(String socket) {
        ObjectNode plugin = new ObjectMapper().createObjectNode().put("type", PLUGIN).put("socket", socket);
        plugin.putObject("capabilities").put("portMappings", true);
        return plugin;
    }

    public Path plugin() {
        return plugin;
    }

    public Path conflist() {
        return conflist;
    }

    /** Network configurations that the runtime uses instead of Weft's. */
    public List<String> preceding() {
        return NetworkConfigurations.before(conflist);
    }

    /** Puts plug-in and network configuration in place, where they are not, and undoes changes to them. @return whether any was written */
    public boolean put() throws IOException {
        boolean pluginWritten = put(plugin, pluginText, EXECUTABLE);
        boolean conflistWritten = put(conflist, conflistText, PRIVATE);
        return pluginWritten || conflistWritten;
    }

    /** Makes the AOT cache, if there is none; the plug-in works without it, in about twice the time. */
    public void makeCache() throws IOException, InterruptedException {
        if (cache.isPresent() && !cache.get().exists()) {
            cache.get().make(pluginConfiguration);
            LOG.info("{}: the plug-in's AOT cache is made", cache.get().file());
        }
    }

    /** So that the runtime adds no more pods. @return whether it was there */
    public boolean removeConflist() throws IOException {
        return AtomicFiles.delete(conflist);
    }

    /** The runtime can then no longer detach pods. @return whether it was there */
    public boolean removePlugin() throws IOException {
        AotCache.deleteAll(cacheDirectory);
        return AtomicFiles.delete(plugin);
    }

    private static boolean put(Path file, String text, Set<PosixFilePermission> permissions) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (is(file, bytes, permissions)) { return false; }
        boolean existed = Files.exists(file, LinkOption.NOFOLLOW_LINKS);
        Files.createDirectories(file.getParent());
        AtomicFiles.write(file, bytes, permissions);
        LOG.info("{}: {}", file, existed ? "differed and was replaced" : "written");
        return true;
    }

    /** A link, as a manual installation creates it, is replaced too: what it leads to is not under Weft's control. */
    private static boolean is(Path file, byte[] bytes, Set<PosixFilePermission> permissions) throws IOException {
        return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && Files.size(file) == bytes.length
            && Files.getPosixFilePermissions(file).equals(permissions)
            && Arrays.equals(Files.readAllBytes(file), bytes);
    }
}
