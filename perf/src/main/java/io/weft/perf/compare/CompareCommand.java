package io.weft.perf.compare;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.weft.nativebindings.linux.Capabilities;
import io.weft.nativebindings.linux.Capability;
import io.weft.perf.result.MachineFacts;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code weft bench compare}: measures Weft and the other systems that the machine has, interleaved in rounds. */
@Command(name = "compare", mixinStandardHelpOptions = true, description = {
    "Weft, Linux, a C AF_XDP program, DPDK's testpmd and Open vSwitch: packets per core-second",
    "Builds namespaces and devices of its own and takes them down again. Needs root, two cores, and an idle machine."})
public final class CompareCommand implements Callable<Integer> {
    enum Format {
        table, json
    }

    @Spec private CommandSpec spec;

    @Option(names = "--pairs", defaultValue = "10", description = "rounds; each measures every system once (default: ${DEFAULT-VALUE})") private int pairs;

    @Option(names = "--seconds", defaultValue = "1", description = "duration of one measurement (default: ${DEFAULT-VALUE})") private double seconds;

    @Option(names = "--warm-up", defaultValue = "0.5", description = "seconds of load before each measurement (default: ${DEFAULT-VALUE})") private double warmUp;

    @Option(names = "--flows", defaultValue = "65535", description = "flows, in random order; 1 to 65535 (default: ${DEFAULT-VALUE})") private int flows;

    @Option(names = "--only", split = ",", description = "weft, linux, floor, testpmd, ovs (default: all that the machine has)") private List<String> only;

    @Option(names = "--floor", paramLabel = "PROGRAM", description = "a C program that moves frames between two AF_XDP sockets, called as PROGRAM -m l2fwd -i NEAR -o FAR -c CORE -t SECONDS -b 64") private Path floor;

    @Option(names = "--generator-cpu", defaultValue = "0", description = "core that generates the frames (default: ${DEFAULT-VALUE})") private int generatorCpu;

    @Option(names = "--dut-cpu", defaultValue = "1", description = "core of everything else (default: ${DEFAULT-VALUE})") private int systemCpu;

    @Option(names = {"-o",
        "--output"}, defaultValue = "table", description = "${COMPLETION-CANDIDATES}") private Format format;

    @Option(names = "--json", paramLabel = "FILE", description = "also write the JSON to a file, for weft bench report") private Path json;

    @Override
    public Integer call() throws Exception {
        if (pairs < 1 || seconds <= 0 || warmUp < 0 || flows < 1 || flows > 65_535) {
            throw new ParameterException(spec.commandLine(),
                "want --pairs ≥ 1, --seconds > 0, --warm-up ≥ 0, --flows 1 to 65535");
        }
        PrintWriter progress = spec.commandLine().getErr();
        Settings settings = new Settings(pairs, seconds, warmUp, flows, Settings.FRAME_BYTES,
            new Cores(generatorCpu, systemCpu));
        Comparison comparison = compare(settings, progress);
        ObjectMapper mapper = mapper();
        if (json != null) {
            Files.writeString(json, mapper.writeValueAsString(comparison) + "\n");
        }
        PrintWriter out = spec.commandLine().getOut();
        if (format == Format.json) {
            out.println(mapper.writeValueAsString(comparison));
        } else {
            ComparisonTable.print(comparison, out);
        }
        out.flush();
        return 0;
    }

    static ObjectMapper mapper() {
        return JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    }

    private Comparison compare(Settings settings, PrintWriter progress) throws Exception {
        String started = Instant.now().toString();
        try (ComparisonRun comparisonRun = new ComparisonRun(settings, new LiveLoadSource(), progress)) {
            Thread cleaner = new Thread(comparisonRun::close);
            Runtime.getRuntime().addShutdownHook(cleaner); // interrupted by Ctrl-C
            try {
                String missing = missing();
                if (missing.isEmpty()) {
                    enterAll(comparisonRun);
                    comparisonRun.play();
                } else {
                    List.of("weft", "linux", "floor", "testpmd", "ovs")
                        .forEach(name -> comparisonRun.leaveOut(name, missing));
                }
            } finally {
                Runtime.getRuntime().removeShutdownHook(cleaner);
            }
            List<Series> series = comparisonRun.series();
            return new Comparison(Comparison.KIND, MachineFacts.read(), started, settings,
                comparisonRun.leftOut(), series, Match.ratios(series));
        }
    }

    private static String missing() {
        if (!Capabilities.missing(Capability.CAP_SYS_ADMIN, Capability.CAP_NET_ADMIN, Capability.CAP_NET_RAW)
            .isEmpty()) {
            return "needs root: creates network namespaces and AF_XDP sockets";
        }
        return Runtime.getRuntime().availableProcessors() < 2 ? "needs two cores" : "";
    }

    private void enterAll(ComparisonRun comparisonRun) throws IOException {
        String unique = Long.toString(ProcessHandle.current().pid(), Character.MAX_RADIX);
        List<SystemUnderTest> all = List.of(
            new WeftSystem("cmp" + unique), new KernelSystem(), new FloorSystem(floor), new TestpmdSystem(),
            new OvsSystem());
        for (SystemUnderTest system : all) {
            if (only == null || only.contains(system.name())) {
                comparisonRun.enter(system, system.name().charAt(0) + unique);
            }
        }
    }
}
