package io.weft.perf.compare;

import io.weft.nativebindings.process.ExternalCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The minimum cost of AF_XDP: a program, given by the user, that only moves frames from one socket to the other, with Weft's batch and ring
 * sizes. It is called as {@code PROGRAM -m l2fwd -i NEAR -o FAR -c CORE -t SECONDS -b 64}.
 */
final class FloorSystem implements SystemUnderTest {
    private static final String SECONDS = "86400";
    private static final String BATCH = "64";
    private static final int PORT = 8080;
    private final Path program;

    /** @param program or null */
    FloorSystem(Path program) {
        this.program = program;
    }

    @Override
    public String name() {
        return "floor";
    }

    @Override
    public Optional<String> missing() {
        if (program == null) { return Optional.of("no C AF_XDP program given (--floor PATH)"); }
        return Files.isExecutable(program) ? Optional.empty() : Optional.of(program + " is not a program");
    }

    @Override
    public List<Workload> workloads() {
        return List.of(Workload.FORWARD);
    }

    @Override
    public Scene setUp(Workload workload, String id, Cores cores) throws Exception {
        VethLab lab = VethLab.create(id);
        try {
            ExternalCommand floor = ExternalCommand.file(program, "-m", "l2fwd", "-i", lab.near(), "-o", lab.far(),
                "-c", Integer.toString(cores.system()), "-t", SECONDS,
                "-b", BATCH).inNamespace(lab.node());
            Process process = floor.builder().redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
            ProcessScene scene = new ProcessScene(workload, lab, process, lab.ingress(VethLab.SINK, PORT),
                lab.egress(PORT, false));
            try {
                scene.await("a program on " + lab.near(), lab::hasProgramOnNear);
            } catch (Exception e) {
                scene.close();
                throw e;
            }
            return scene;
        } catch (Exception e) {
            lab.close();
            throw e;
        }
    }
}
