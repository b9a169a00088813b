package io.weft.vmlab.kubernetes;

import io.weft.nativebindings.process.Programs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The container images of a cluster, made here, because a lab has no registry. They have the names that Kubernetes' own tests ask for. */
public final class Images {
    public static final String PAUSE = "registry.k8s.io/pause:3.10.2";
    public static final String AGNHOST = "registry.k8s.io/e2e-test-images/agnhost:2.63.0";
    /** The same image will do: the tests ask it for a resolver of glibc. */
    private static final String DNS_TESTING = "registry.k8s.io/e2e-test-images/glibc-dns-testing:2.0.0";
    /** Its {@code nc} ends its side of a connection as soon as its input ends, which a test relies on; that of agnhost's image does not. */
    private static final String BUSYBOX = "registry.k8s.io/e2e-test-images/busybox:1.37.0-1";
    public static final String COREDNS = "registry.k8s.io/coredns/coredns:v1.15.0";

    private static final List<String> APPLETS = List.of("awk", "cat", "chmod", "cp", "cut", "date", "dd", "echo", "env",
        "false", "grep", "head", "hostname", "id", "ip", "kill", "ls", "mkdir", "mv", "nslookup", "ping", "ps", "rm",
        "sed", "seq", "sleep", "sort", "stat", "tail", "test", "timeout", "touch", "tr", "true", "uname", "uniq",
        "wc", "which", "xargs");
    /** Of agnhost's HTTPS server, in the root of its image. */
    private static final List<String> CERTIFICATE = List.of("localhost.crt", "localhost.key");
    private static final int PROGRAM_MODE = 0755;
    private static final int DIRECTORY_MODE = 0755;
    private static final int TEMPORARY_MODE = 01777;
    private static final int FILE_MODE = 0644;

    private Images() {}

    /** Writes the archives into {@code directory}. */
    static List<Path> write(KubernetesBinaries binaries, Path directory) throws IOException {
        Files.createDirectories(directory);
        Path pause = directory.resolve("pause.tar");
        Path coredns = directory.resolve("coredns.tar");
        Path agnhost = directory.resolve("agnhost.tar");
        ImageArchive.write(pause, List.of(PAUSE), "/pause", List.of(),
            layer -> layer.file("pause", PROGRAM_MODE, binaries.inImage("pause")));
        ImageArchive.write(coredns, List.of(COREDNS), "/coredns", List.of(),
            layer -> layer.file("coredns", PROGRAM_MODE, binaries.inImage("coredns")));
        Path busybox = directory.resolve("busybox.tar");
        ImageArchive.write(agnhost, List.of(AGNHOST, DNS_TESTING), "/agnhost", List.of("pause"),
            layer -> writeAgnhost(layer, binaries));
        ImageArchive.write(busybox, List.of(BUSYBOX), "sh", List.of(), Images::writeBusybox);
        return List.of(pause, coredns, agnhost, busybox);
    }

    /** What Kubernetes' tests run in agnhost's image besides agnhost, as far as this machine has it. */
    private static List<Path> programs() {
        return Stream.of(Programs.find("busybox"), Programs.find("bash"), Programs.find("curl"), Programs.find("dig"),
            Programs.find("nc"), Programs.find("getent"), Programs.find("wget")).flatMap(Optional::stream).toList();
    }

    /**
     * The shell of a static busybox prefers applets of its own to the programs of the image, its {@code nc} lacks options, and Debian's crashes in
     * {@code wget -T}.
     */
    private static void writeAgnhost(TarWriter layer, KubernetesBinaries binaries) throws IOException {
        layer.file("agnhost", PROGRAM_MODE, binaries.inImage("agnhost"));
        for (String file : CERTIFICATE) {
            if (Files.exists(binaries.inImage(file))) { // official programs come without it
                layer.file(file, FILE_MODE, binaries.inImage(file));
            }
        }
        layer.directory("bin", DIRECTORY_MODE);
        writePrograms(layer, programs());
        if (Programs.find("wget").isEmpty()) {
            layer.symbolicLink("bin/wget", "busybox");
        }
        layer.symbolicLink("bin/sh", Programs.find("bash").isPresent() ? "bash" : "busybox");
        writeBase(layer);
    }

    private static void writeBusybox(TarWriter layer) throws IOException {
        layer.directory("bin", DIRECTORY_MODE);
        writePrograms(layer, Programs.find("busybox").stream().toList());
        layer.symbolicLink("bin/sh", "busybox");
        layer.symbolicLink("bin/nc", "busybox");
        writeBase(layer);
    }

    /** Programs, with their libraries, and the applets of busybox. */
    private static void writePrograms(TarWriter layer, List<Path> programs) throws IOException {
        Set<Path> libraries = new TreeSet<>();
        for (Path program : programs) {
            layer.file("bin/" + program.getFileName(), PROGRAM_MODE, program);
            libraries.addAll(SharedLibraries.of(program));
        }
        for (Path library : libraries) {
            layer.file(library.toString().substring(1), PROGRAM_MODE, library);
        }
        for (String applet : APPLETS) {
            layer.symbolicLink("bin/" + applet, "busybox");
        }
    }

    /** What programs expect of a file system. */
    private static void writeBase(TarWriter layer) throws IOException {
        layer.directory("etc", DIRECTORY_MODE);
        layer.file("etc/passwd", FILE_MODE, "root:x:0:0:root:/:/bin/sh\n".getBytes(StandardCharsets.US_ASCII));
        layer.file("etc/nsswitch.conf", FILE_MODE, "hosts: files dns\n".getBytes(StandardCharsets.US_ASCII));
        layer.directory("tmp", TEMPORARY_MODE);
    }
}
