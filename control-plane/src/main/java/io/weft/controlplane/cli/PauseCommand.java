package io.weft.controlplane.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Lets Services refuse new flows, or lists those that do. */
@Command(name = "pause", description = "Let a Service refuse new flows; established ones go on. Without an argument: list the pauses.", mixinStandardHelpOptions = true)
final class PauseCommand implements Callable<Integer> {
    private static final String RESOURCE = "pauses";

    @Spec private CommandSpec spec;

    @Mixin private WriteOptions write;

    @Mixin private SetOptions set;

    @Mixin private Names names;

    @Parameters(paramLabel = "SERVICE", arity = "0..*", description = "[NAMESPACE/]NAME, or an address of the Service") private List<String> services = new ArrayList<>();

    @Override
    public Integer call() {
        if (services.isEmpty()) { return write.list(spec, Names.path(RESOURCE), "service", "comment", "since", "use"); }
        ApiClient api = write.api();
        Map<String, WriteOptions.Step> steps = new LinkedHashMap<>();
        for (String each : services) {
            String service = names.service(each, api);
            String title = "pause " + service;
            steps.put(title, client -> client.set(title, path(service), set.body(), set.isForced()));
        }
        return write.run(spec, api, steps);
    }

    private static String path(String service) {
        String[] parts = service.split("/", 2);
        return Names.path(RESOURCE, parts[0], parts[1]);
    }

    /** The opposite. */
    @Command(name = "resume", description = "End the pause of a Service.", mixinStandardHelpOptions = true)
    static final class Undo implements Callable<Integer> {
        @Spec private CommandSpec spec;

        @Mixin private WriteOptions write;

        @Mixin private Names names;

        @Parameters(paramLabel = "SERVICE", arity = "1..*", description = "as it was paused") private List<String> services;

        @Override
        public Integer call() {
            ApiClient api = write.api();
            Map<String, WriteOptions.Step> steps = new LinkedHashMap<>();
            for (String each : services) {
                String service = names.service(each, api);
                String title = "pause " + service;
                steps.put(title, client -> client.delete(title, path(service), service + " is not paused"));
            }
            return write.run(spec, api, steps);
        }
    }
}
