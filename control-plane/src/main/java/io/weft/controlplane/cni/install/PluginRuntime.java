package io.weft.controlplane.cni.install;

import io.weft.controlplane.cni.WeftCni;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * The Java that runs the plug-in and the plug-in's classes: those of this process, by absolute paths, because a runtime's environment has
 * neither JAVA_HOME nor PATH to a JDK.
 *
 * @param java the program
 * @param classPath the control plane's jar; in a build without one, a directory of classes
 */
record PluginRuntime(Path java, Path classPath) {
    /**
     * For a JVM that lives for tens of milliseconds, in which a compiler costs more than it saves. What it logs goes to standard error: by
     * default it writes to standard output that it cannot use a cache, and standard output is what the container runtime parses.
     */
    static final List<String> FLAGS = List.of("-XX:+UseSerialGC", "-Xint", "-XX:-UsePerfData",
        "-Xmx64m", "-Xlog:disable", "-Xlog:all=error:stderr");
    static final String MAIN = WeftCni.class.getName();
    private static final int ID_DIGITS = 16;

    static PluginRuntime ofThisProcess() {
        try {
            return new PluginRuntime(Path.of(System.getProperty("java.home"), "bin", "java").toAbsolutePath(),
                Path.of(WeftCni.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toAbsolutePath());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Whether the JVM can make an AOT cache: it accepts jars only. */
    boolean isCacheable() {
        return Files.isRegularFile(classPath);
    }

    /** Changes with everything that a cache depends on: the JVM, its flags and the jar (JEP 483). */
    String id() throws IOException {
        return digest(String.join("\n", java.toString(), System.getProperty("java.vm.version"), FLAGS.toString(),
            classPath.toString(), Long.toString(Files.size(classPath)),
            Files.getLastModifiedTime(classPath).toString()));
    }

    private static String digest(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest).substring(0, ID_DIGITS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
