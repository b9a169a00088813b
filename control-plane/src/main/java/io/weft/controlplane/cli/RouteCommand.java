package io.weft.controlplane.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Static routes for pods, in the words of {@code ip route}. */
@Command(name = "route", description = "Static routes of this node's pods. Without a command: list them.", mixinStandardHelpOptions = true, subcommands = {
    RouteCommand.Add.class, RouteCommand.Replace.class, RouteCommand.Delete.class, RouteCommand.Show.class})
final class RouteCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Mixin private WriteOptions write;

    @Override
    public Integer call() {
        return list(spec, write);
    }

    private static int list(CommandSpec spec, WriteOptions write) {
        return write.list(spec, Names.path("static-routes"), "prefix", "type", "target",
            "comment", "since", "use");
    }

    private static StaticRouteArguments route(CommandSpec spec, List<String> words) {
        try {
            return StaticRouteArguments.of(words);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    /** A prefix that has no static route yet. */
    @Command(name = "add", description = "Add a static route: via a router on the uplink, through the tunnel to a Node, or to nowhere.", mixinStandardHelpOptions = true)
    static final class Add implements Callable<Integer> {
        @Spec private CommandSpec spec;

        @Mixin private WriteOptions write;

        @Mixin private SetOptions set;

        @Parameters(paramLabel = "ROUTE", arity = "1..*", description = StaticRouteArguments.FORM) private List<String> words;

        @Override
        public Integer call() {
            StaticRouteArguments route = route(spec, words);
            String title = "route " + route.prefix();
            return write.run(spec, write.api(), Map.of(title,
                client -> client.add(title, StaticRouteArguments.path(route.prefix()), set.body(route.members()),
                    set.isForced(), "there is one already; weft route replace changes it")));
        }
    }

    /** Whether there is one or not. */
    @Command(name = "replace", description = "Add a static route, or change the one with this prefix.", mixinStandardHelpOptions = true)
    static final class Replace implements Callable<Integer> {
        @Spec private CommandSpec spec;

        @Mixin private WriteOptions write;

        @Mixin private SetOptions set;

        @Parameters(paramLabel = "ROUTE", arity = "1..*", description = StaticRouteArguments.FORM) private List<String> words;

        @Override
        public Integer call() {
            StaticRouteArguments route = route(spec, words);
            String title = "route " + route.prefix();
            return write.run(spec, write.api(), Map.of(title,
                client -> client.set(title, StaticRouteArguments.path(route.prefix()), set.body(route.members()),
                    set.isForced())));
        }
    }

    /** Only the prefix counts. */
    @Command(name = "delete", aliases = "del", description = "Delete the static routes with these prefixes.", mixinStandardHelpOptions = true)
    static final class Delete implements Callable<Integer> {
        @Spec private CommandSpec spec;

        @Mixin private WriteOptions write;

        @Parameters(paramLabel = "PREFIX", arity = "1..*", description = "ADDRESS/LENGTH, or an address") private List<String> prefixes;

        @Override
        public Integer call() {
            Map<String, WriteOptions.Step> steps = new LinkedHashMap<>();
            for (String each : prefixes) {
                String prefix = StaticRouteArguments.prefix(each);
                String title = "route " + prefix;
                steps.put(title, client -> client.delete(title, StaticRouteArguments.path(prefix),
                    "there is no static route " + prefix));
            }
            return write.run(spec, write.api(), steps);
        }
    }

    /** All of them. */
    @Command(name = "list", description = "List the static routes, each with what it does now.", mixinStandardHelpOptions = true)
    static final class Show implements Callable<Integer> {
        @Spec private CommandSpec spec;

        @Mixin private WriteOptions write;

        @Override
        public Integer call() {
            return list(spec, write);
        }
    }
}
