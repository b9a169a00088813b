package io.weft.controlplane.cli;

import io.weft.dataplane.config.ExitCode;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints what this machine has and lacks for Weft, one line each. Exit status 1 if something fails. */
@Command(name = "doctor", description = "Report what this node lacks, and what to do about it.", mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Mixin private ConfigurationOptions options;

    @Override
    public Integer call() {
        List<Finding> findings = new Doctor(options.load()).examine();
        PrintWriter out = spec.commandLine().getOut();
        findings.forEach(finding -> out.println(String.format(
            Locale.ROOT, "%-4s  %-15s  %s%s", finding.verdict(), finding.subject(), finding.found(),
            finding.advice().isEmpty() ? "" : ": " + finding.advice())));
        out.flush();
        return findings.stream().anyMatch(finding -> finding.verdict() == Finding.Verdict.FAIL) ? ExitCode.FAILED
            : 0;
    }
}
