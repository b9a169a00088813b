package io.weft.vmlab.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.nativebindings.process.Programs;
import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/** Runs {@code kubectl} as the cluster's administrator. */
public final class Kubectl {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final Path namespace;
    private final NamespaceThread place;
    private final KubernetesBinaries binaries;
    private final Path kubeconfig;

    /** @param place a thread in {@code namespace} */
    Kubectl(Path namespace, NamespaceThread place, KubernetesBinaries binaries, Path kubeconfig) {
        this.namespace = namespace;
        this.place = place;
        this.binaries = binaries;
        this.kubeconfig = kubeconfig;
    }

    /** The kubeconfig of the administrator. */
    public Path kubeconfig() {
        return kubeconfig;
    }

    /** Writes a program that runs {@code kubectl} as this does, for a person. */
    void writeWrapper(Path program) throws IOException {
        String command = "exec " + Programs.find("nsenter").orElseThrow() + " --net=" + namespace + " "
            + binaries.component("kubectl", List.of("--kubeconfig=" + kubeconfig)) + " \"$@\"\n";
        Files.createDirectories(program.getParent());
        Files.writeString(program, "#!/bin/sh\n" + command);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** What a command printed, and how it ended. */
    public record Result(int exit, String out, String errors) {}

    /** Runs a command and returns its standard output; fails if it does. */
    public String run(String... arguments) throws Exception {
        return checked(List.of(arguments), "");
    }

    /** Runs a command that prints JSON. */
    public JsonNode json(String... arguments) throws Exception {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--output", "json"));
        return JSON.readTree(checked(all, ""));
    }

    /** Applies manifests. */
    public void apply(String yaml) throws Exception {
        checked(List.of("apply", "--filename", "-"), yaml);
    }

    /** Creates a namespace; returns once it can have pods, which need a service account. */
    public void createNamespace(String name) throws Exception {
        run("create", "namespace", name);
        run("--namespace=" + name, "wait", "--for=create", "serviceaccount/default", "--timeout=120s");
    }

    private String checked(List<String> arguments, String input) throws Exception {
        Result result = call(arguments, input);
        if (result.exit != 0) {
            throw new IOException("kubectl " + String.join(" ", arguments) + " ended with " + result.exit + ": "
                + result.errors.strip());
        }
        return result.out;
    }

    /** Runs a command that may fail. */
    public Result attempt(String... arguments) throws Exception {
        return call(List.of(arguments), "");
    }

    private Result call(List<String> arguments, String input) throws Exception {
        List<String> all = new ArrayList<>(List.of("--kubeconfig", kubeconfig.toString()));
        all.addAll(arguments);
        Path errors = Files.createTempFile("kubectl", ".err");
        try {
            ProcessBuilder builder = binaries.component("kubectl", all).builder().redirectError(errors.toFile());
            Process process = place.call(builder::start);
            try (var in = process.getOutputStream()) {
                in.write(input.getBytes(StandardCharsets.UTF_8));
            }
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Result(process.waitFor(), out, Files.readString(errors));
        } finally {
            Files.delete(errors);
        }
    }

    boolean isServerReady() throws Exception { return attempt("get", "--raw", "/readyz").exit == 0; }
}
