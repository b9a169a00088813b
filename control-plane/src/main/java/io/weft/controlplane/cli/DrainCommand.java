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

/** Takes endpoints out of new flows, or lists those that are. */
@Command(name = "drain", description = "Give an endpoint no new flows, of any Service; established ones go on. Without an argument: list the drains.", mixinStandardHelpOptions = true)
final class DrainCommand implements Callable<Integer> {
    static final String RESOURCE = "drains";

    @Spec private CommandSpec spec;

    @Mixin private WriteOptions write;

    @Mixin private Names names;

    @Mixin private SetOptions set;

    @Parameters(paramLabel = "ENDPOINT", arity = "0..*", description = "ADDRESS or [NAMESPACE/]POD of this node, each with :PORT or without") private List<String> endpoints = new ArrayList<>();

    @Override
    public Integer call() {
        if (endpoints.isEmpty()) {
            return write.list(spec, Names.path(RESOURCE), "endpoint", "comment", "since", "use");
        }
        ApiClient api = write.api();
        Map<String, WriteOptions.Step> steps = new LinkedHashMap<>();
        for (String each : endpoints) {
            String endpoint = names.endpoint(each, api);
            String title = "drain " + endpoint;
            steps.put(title, client -> client.set(title, Names.path(RESOURCE, endpoint), set.body(), set.isForced()));
        }
        return write.run(spec, api, steps);
    }

    /** The opposite. */
    @Command(name = "undrain", description = "End the drain of an endpoint.", mixinStandardHelpOptions = true)
    static final class Undo implements Callable<Integer> {
        @Spec private CommandSpec spec;

        @Mixin private WriteOptions write;

        @Mixin private Names names;

        @Parameters(paramLabel = "ENDPOINT", arity = "1..*", description = "as it was drained") private List<String> endpoints;

        @Override
        public Integer call() {
            ApiClient api = write.api();
            Map<String, WriteOptions.Step> steps = new LinkedHashMap<>();
            for (String each : endpoints) {
                String endpoint = names.endpoint(each, api);
                String title = "drain " + endpoint;
                steps.put(title, client -> client.delete(title, Names.path(RESOURCE, endpoint),
                    endpoint + " is not drained"));
            }
            return write.run(spec, api, steps);
        }
    }
}
