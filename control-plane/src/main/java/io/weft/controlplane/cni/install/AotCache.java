package io.weft.controlplane.cni.install;

import io.weft.nativebindings.linux.AtomicFiles;
import io.weft.nativebindings.process.ExternalCommand;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * The plug-in's AOT cache (JEP 483, JEP 514): its classes as the JVM has them in memory after loading and linking. It is made by a training
 * run of the plug-in. Its file is named after everything that it depends on, so that a new JDK or a new Weft makes a new one.
 */
final class AotCache {
    private static final String PREFIX = "weft-cni-";
    private static final String SUFFIX = ".aot";
    private static final long PATIENCE_SECONDS = 120;
    /** Would make the training run's JVM another one than the plug-in's. */
    private static final Set<String> FOREIGN_FLAGS = Set.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");

    private final PluginRuntime runtime;
    private final Path file;

    /** @param directory of its own; created with the cache */
    AotCache(PluginRuntime runtime, Path directory) throws IOException {
        this.runtime = runtime;
        this.file = directory.resolve(PREFIX + runtime.id() + SUFFIX).toAbsolutePath();
    }

    Path file() {
        return file;
    }

    boolean exists() {
        return Files.exists(file);
    }

    /**
     * Makes the cache and deletes earlier ones. Takes about two seconds of CPU time.
     *
     * @param configuration the network configuration that the training run reads; it asks its socket for STATUS
     * @throws IOException also if the JVM made none; its output is in the message
     */
    void make(String configuration) throws IOException, InterruptedException {
        Files.createDirectories(file.getParent());
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Path output = file.resolveSibling(file.getFileName() + ".log");
        try {
            train(configuration, fresh, output);
            if (!Files.exists(fresh)) { throw new IOException("no AOT cache was made: " + lastLine(output)); }
            sync(fresh);
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(fresh);
            Files.deleteIfExists(output);
        }
        deleteOthers();
    }

    /** Deletes every cache. */
    static void deleteAll(Path directory) throws IOException {
        for (Path cache : caches(directory)) {
            AtomicFiles.delete(cache);
        }
    }

    private void train(String configuration, Path fresh, Path output) throws IOException, InterruptedException {
        ProcessBuilder builder = ExternalCommand.file(runtime.java()).with(PluginRuntime.FLAGS)
            .with("-XX:AOTCacheOutput=" + fresh, "-cp", runtime.classPath().toString(), PluginRuntime.MAIN).builder()
            .redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().keySet().removeAll(FOREIGN_FLAGS);
        builder.environment().put("CNI_COMMAND", "STATUS");
        Process process = builder.start();
        try {
            try (OutputStream in = process.getOutputStream()) {
                in.write(configuration.getBytes(StandardCharsets.UTF_8));
            }
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException("the training run has not ended within " + PATIENCE_SECONDS + " s");
            }
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private static String lastLine(Path output) throws IOException {
        List<String> lines = Files.readAllLines(output);
        return lines.isEmpty() ? "the JVM said nothing" : lines.getLast();
    }

    private static void sync(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    private void deleteOthers() throws IOException {
        for (Path cache : caches(file.getParent())) {
            if (!cache.equals(file)) {
                Files.deleteIfExists(cache);
            }
        }
    }

    private static List<Path> caches(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) { return List.of(); }
        List<Path> caches = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, PREFIX + "*")) {
            files.forEach(caches::add);
        }
        return caches;
    }
}
