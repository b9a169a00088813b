package io.weft.vmlab.kubernetes;

import io.weft.nativebindings.process.ExternalCommand;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The programs of Kubernetes: taken from the directory that the environment variable {@value #DIRECTORY_VARIABLE} names, or built from the
 * Go modules in {@code vm-lab/kubernetes} into a cache outside the checkout, which takes minutes the first time.
 */
public final class KubernetesBinaries {
    /** A directory with one program for each of {@link #COMPONENTS} and {@link #IN_IMAGES}. */
    public static final String DIRECTORY_VARIABLE = "K8S_BIN_DIR";

    private static final List<String> COMPONENTS = List.of("etcd", "kube-apiserver", "kube-controller-manager",
        "kube-scheduler", "kubelet", "kube-proxy", "kubectl");
    private static final List<String> IN_IMAGES = List.of("agnhost", "coredns", "pause");
    private static final String TESTS = "e2e.test";
    private static final String MULTI_CALL = "kubernetes";
    private static final int NO_GO = 3; // exit code of the build script
    private final Path directory;

    private KubernetesBinaries(Path directory) {
        this.directory = directory;
    }

    /** Why the programs cannot be had on this machine, in one line. */
    public static final class UnavailableException extends IOException {
        private static final long serialVersionUID = 1;

        UnavailableException(String message) {
            super(message);
        }
    }

    /**
     * Finds the programs, or builds them and says so on standard error.
     *
     * @param checkout the root of this source tree
     * @throws UnavailableException if a program is missing in the given directory, or there is no Go to build with
     * @throws IOException if the build fails
     */
    public static KubernetesBinaries provide(Path checkout) throws IOException, InterruptedException {
        return provide(checkout, List.of());
    }

    /** Like {@link #provide}, with Kubernetes' end-to-end tests. */
    public static KubernetesBinaries provideWithTests(Path checkout) throws IOException, InterruptedException {
        return provide(checkout, List.of("e2e"));
    }

    /** @param further what to build besides, as the build script takes it */
    private static KubernetesBinaries provide(Path checkout, List<String> further)
        throws IOException, InterruptedException {
        String given = System.getenv(DIRECTORY_VARIABLE);
        return new KubernetesBinaries(
            given == null ? build(checkout, further) : checked(Path.of(given), !further.isEmpty()));
    }

    private static Path checked(Path directory, boolean withTests) throws UnavailableException {
        List<String> missing = new ArrayList<>(COMPONENTS);
        missing.addAll(IN_IMAGES);
        if (withTests) {
            missing.add(TESTS);
        }
        missing.removeIf(name -> Files.isExecutable(directory.resolve(name)));
        if (!missing.isEmpty()) {
            throw new UnavailableException(
                DIRECTORY_VARIABLE + "=" + directory + " lacks the programs " + String.join(", ", missing));
        }
        return directory;
    }

    private static Path build(Path checkout, List<String> further) throws IOException, InterruptedException {
        Process process = ExternalCommand.file(checkout.resolve("vm-lab/kubernetes/build")).with(further).builder()
            .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String directory = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        int exit = process.waitFor();
        if (exit == NO_GO) { throw new UnavailableException("Kubernetes needs Go 1.26 or " + DIRECTORY_VARIABLE); }
        if (exit != 0) { throw new IOException("Kubernetes could not be built"); }
        return Path.of(directory);
    }

    /** The command line of a component of Kubernetes, such as {@code kubelet}. */
    ExternalCommand component(String name, List<String> arguments) {
        Path program = directory.resolve(name);
        ExternalCommand command = Files.isExecutable(program)
            ? ExternalCommand.file(program)
            : ExternalCommand.file(directory.resolve(MULTI_CALL), name);
        return command.with(arguments);
    }

    /** A file that is put into an image: a static program ({@code agnhost}, {@code coredns}, {@code pause}) or agnhost's certificate. */
    Path inImage(String name) {
        return directory.resolve(name);
    }

    /** The program of {@link #provideWithTests}. */
    ExternalCommand endToEndTests(List<String> arguments) {
        return ExternalCommand.file(directory.resolve(TESTS)).with(arguments);
    }
}
