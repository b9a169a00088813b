package io.weft.controlplane.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.controlplane.view.Table;
import io.weft.controlplane.view.UnavailableException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Counters at moments that an operator chooses, to see what a test or an upgrade has changed. */
@Command(name = "snapshot", description = "Snapshots of the counters. Without a command: list them.", mixinStandardHelpOptions = true, subcommands = {
    SnapshotCommand.Take.class, SnapshotCommand.Listing.class, SnapshotCommand.Show.class, SnapshotCommand.Diff.class,
    SnapshotCommand.Delete.class})
final class SnapshotCommand implements Callable<Integer> {
    private static final String RESOURCE = "counter-snapshots";
    private static final String[] COLUMNS = {"id", "taken", "comment"};

    @Spec private CommandSpec spec;

    @Mixin private ReadOptions read;

    @Override
    public Integer call() {
        return read.print(spec, read.api().table(Names.path(RESOURCE), new Table(COLUMNS)));
    }

    /** A new one. */
    @Command(name = "take", description = "Keep the counters as they are now; at most 16 snapshots are kept.", mixinStandardHelpOptions = true)
    static final class Take implements Callable<Integer> {
        @Spec private CommandSpec spec;

        @Mixin private ReadOptions read;

        @Option(names = "--comment", paramLabel = "TEXT", description = "why, for others") private String comment;

        @Override
        public Integer call() {
            ApiAnswer answer = read.api().send("POST", Names.path(RESOURCE), Map.of(),
                WriteClient.text(comment == null ? Map.of() : Map.of("comment", comment)));
            JsonNode taken = WriteClient.carriedOut("snapshot", answer, "");
            Table table = new Table(COLUMNS);
            table.add(taken.path("id").asText(), taken.path("taken").asText(), taken.path("comment").asText());
            return read.print(spec, table);
        }
    }

    /** The same as without a command. */
    @Command(name = "list", description = "List the snapshots, the oldest first.", mixinStandardHelpOptions = true)
    static final class Listing implements Callable<Integer> {
        @Spec private CommandSpec spec;

        @Mixin private ReadOptions read;

        @Override
        public Integer call() {
            return read.print(spec, read.api().table(Names.path(RESOURCE), new Table(COLUMNS)));
        }
    }

    /** Of one moment. */
    @Command(name = "show", description = "Print the counters of a snapshot.", mixinStandardHelpOptions = true)
    static final class Show implements Callable<Integer> {
        @Spec private CommandSpec spec;

        @Mixin private ReadOptions read;

        @Option(names = "--all", description = "also counters that are 0") private boolean all;

        @Parameters(paramLabel = "ID", description = "of weft snapshot list") private String id;

        @Override
        public Integer call() {
            Table table = new Table("kind", "name", "value");
            compared(read, id, "?all=true&to=" + id).path("counters").forEach(counter -> {
                if (all || counter.path("now").asLong() != 0) {
                    table.add(counter.path("kind").asText(), counter.path("name").asText(),
                        counter.path("now").asLong());
                }
            });
            return read.print(spec, table);
        }
    }

    /** Between two moments. */
    @Command(name = "diff", description = "Print what has been counted since a snapshot, until now or until another one.", mixinStandardHelpOptions = true)
    static final class Diff implements Callable<Integer> {
        @Spec private CommandSpec spec;

        @Mixin private ReadOptions read;

        @Option(names = "--all", description = "also counters that have not changed") private boolean all;

        @Parameters(index = "0", paramLabel = "ID", description = "of weft snapshot list") private String id;

        @Parameters(index = "1", paramLabel = "LATER", arity = "0..1", description = "another one (default: the counters now)") private String later;

        @Override
        public Integer call() {
            String query = (all ? "?all=true" : "") + (later == null ? "" : (all ? "&" : "?") + "to=" + later);
            JsonNode answer = compared(read, id, query);
            if (!answer.path("sameDataplane").asBoolean()) {
                spec.commandLine().getErr()
                    .println("weft: the dataplane was restarted between the two, and its counters"
                        + " began at 0 then");
            }
            Table table = new Table("kind", "name", "then", "now", "difference");
            answer.path("counters").forEach(counter -> table.add(counter.path("kind").asText(),
                counter.path("name").asText(), counter.path("then").asLong(), counter.path("now").asLong(),
                counter.path("difference").asLong()));
            return read.print(spec, table);
        }
    }

    /** Makes room for others. */
    @Command(name = "delete", description = "Delete snapshots.", mixinStandardHelpOptions = true)
    static final class Delete implements Callable<Integer> {
        @Spec private CommandSpec spec;

        @Mixin private ReadOptions read;

        @Parameters(paramLabel = "ID", arity = "1..*", description = "of weft snapshot list") private List<String> ids;

        @Override
        public Integer call() {
            ApiClient api = read.api();
            Table table = new Table("id", "result");
            for (String id : ids) {
                ApiAnswer answer = api.send("DELETE", Names.path(RESOURCE, id), Map.of(), "");
                requireFound(answer, id);
                JsonNode _ = WriteClient.carriedOut("snapshot " + id, answer, "");
                table.add(id, "deleted");
            }
            return read.print(spec, table);
        }
    }

    private static JsonNode compared(ReadOptions read, String id, String query) {
        ApiAnswer answer = read.api().send("GET", Names.path(RESOURCE, id) + query, Map.of(), "");
        requireFound(answer, id);
        return WriteClient.carriedOut("snapshot " + id, answer, "");
    }

    private static void requireFound(ApiAnswer answer, String id) {
        if (answer.status() == ApiAnswer.NOT_FOUND) {
            throw new UnavailableException("there is no snapshot " + id + "; weft snapshot list has all");
        }
    }
}
