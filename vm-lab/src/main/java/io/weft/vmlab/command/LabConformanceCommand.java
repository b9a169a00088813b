package io.weft.vmlab.command;

import io.weft.vmlab.kubernetes.Conformance;
import io.weft.vmlab.kubernetes.KubernetesBinaries;
import io.weft.vmlab.lab.Distribution;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Privileges;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code weft lab conformance}: Kubernetes' own tests against the lab's cluster. */
@Command(name = "conformance", description = "Run Kubernetes' own end-to-end tests against the lab's cluster", mixinStandardHelpOptions = true)
public final class LabConformanceCommand implements Callable<Integer> {
    @Mixin private LabOptions lab;

    @Option(names = "--focus", paramLabel = "REGEX", defaultValue = "\\[sig-network\\].*\\[Conformance\\]", description = "specs to run (default: ${DEFAULT-VALUE})") private String focus;

    @Option(names = "--skip", paramLabel = "REGEX", defaultValue = "", description = "specs to leave out") private String skip;

    @Option(names = "--results", paramLabel = "FILE", defaultValue = "conformance.txt", description = "where to write the list of results (default: ${DEFAULT-VALUE})") private Path results;

    @Override
    public Integer call() throws Exception {
        Privileges.requireRoot("weft lab");
        LabPlan plan = lab.running();
        KubernetesBinaries binaries = KubernetesBinaries.provideWithTests(Distribution.locate().checkout());
        List<Conformance.Spec> specs = new Conformance(plan, binaries).run(focus, skip);
        Files.write(results, specs.stream().map(LabConformanceCommand::line).toList());
        long failed = count(specs, Conformance.Verdict.FAILED);
        System.out.printf("%d of %d specs passed, %d skipped: %s%n", count(specs, Conformance.Verdict.PASSED),
            specs.size(), count(specs, Conformance.Verdict.SKIPPED), results);
        return failed == 0 && !specs.isEmpty() ? 0 : 1;
    }

    private static long count(List<Conformance.Spec> specs, Conformance.Verdict verdict) {
        return specs.stream().filter(spec -> spec.verdict() == verdict).count();
    }

    private static String line(Conformance.Spec spec) {
        return String.format("%-7s %6.1f s  %s%s", spec.verdict(), spec.seconds(), spec.name(),
            spec.reason().isEmpty() ? "" : ": " + spec.reason());
    }
}
