package io.weft.controlplane.api.resource;

import io.weft.controlplane.api.http.Answer;
import io.weft.controlplane.api.http.JsonBody;
import io.weft.controlplane.api.http.ProblemException;
import io.weft.controlplane.api.http.Resource;
import io.weft.controlplane.operator.CounterSnapshots;
import io.weft.controlplane.operator.CounterSnapshots.Snapshot;
import io.weft.controlplane.operator.WriteCounts;
import io.weft.controlplane.operator.WriteCounts.Outcome;
import io.weft.controlplane.view.CounterValue;
import io.weft.controlplane.view.UnavailableException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Snapshots of the counters: POST takes one, GET compares one with a later one, or with the counters now. Any thread. */
public final class SnapshotResources {
    private static final String PATH = "/api/v1/counter-snapshots";
    private static final String ALL = "all";
    private static final String TO = "to";
    private static final String COMMENT = "comment";
    private static final int MAX_COMMENT_LENGTH = 256;

    /** @param difference since the snapshot; since its start if another dataplane runs now */
    private record Difference(String kind, String name, long then, long now, long difference) {
    }

    /** A disk operation. */
    private interface Attempt<T> {
        T run() throws IOException;
    }

    private final CounterSnapshots snapshots;

    private final CountedWrites counted;

    private SnapshotResources(CounterSnapshots snapshots, WriteCounts counts) {
        this.snapshots = snapshots;
        counted = new CountedWrites(counts, WriteCounts.SNAPSHOT);
    }

    /** @param counts is told what becomes of each write */
    public static List<Resource> of(CounterSnapshots snapshots, WriteCounts counts) {
        SnapshotResources resources = new SnapshotResources(snapshots, counts);
        return List.of(
            Resource.json(PATH, Set.of(), _ -> resources.list())
                .with(new Resource.Write("POST", Set.of(), Set.of(COMMENT), (_, body) -> resources.take(body))),
            Resource.json(PATH + "/{id}", Set.of(ALL, TO), resources::compare)
                .with(new Resource.Write("DELETE", Set.of(), Set.of(), (request, _) -> resources.delete(request))));
    }

    private Answer list() {
        return Answer.json(attempt(snapshots::all).stream().map(SnapshotResources::summary).toList());
    }

    private static Map<String, Object> summary(Snapshot snapshot) {
        Map<String, Object> summary = new LinkedHashMap<>();
        summary.put("id", snapshot.id());
        summary.put("taken", Instant.ofEpochMilli(snapshot.takenMillis()).toString());
        summary.put(COMMENT, snapshot.comment());
        return summary;
    }

    private Answer take(JsonBody body) {
        return counted.run(() -> {
            String comment = body.text(COMMENT, MAX_COMMENT_LENGTH).orElse("");
            body.requireCorrect();
            return attempt(() -> snapshots.take(comment)).orElseThrow(() -> ProblemException.of(409,
                "there are " + CounterSnapshots.MAX_SNAPSHOTS + " snapshots already; delete one"));
        }, _ -> Outcome.DONE,
            taken -> Answer.json(201, summary(taken)).with("Location", PATH + "/" + taken.id()));
    }

    private Answer compare(Resource.Request request) {
        boolean all = request.query().flag(ALL);
        Optional<String> later = request.query().text(TO);
        request.query().requireCorrect();
        Snapshot then = find(request.segment("id"));
        Snapshot now = later.map(this::find).orElseGet(snapshots::now);
        boolean same = then.dataplane() == now.dataplane();
        Map<String, Object> answer = summary(then);
        answer.put("comparedAt", Instant.ofEpochMilli(now.takenMillis()).toString());
        answer.put("sameDataplane", same);
        answer.put("counters", differences(then, now, same, all));
        return Answer.json(answer).untagged();
    }

    private static List<Difference> differences(Snapshot then, Snapshot now, boolean same, boolean all) {
        Map<String, Long> former = new HashMap<>();
        then.counters().forEach(counter -> former.put(key(counter), counter.value()));
        List<Difference> differences = new ArrayList<>();
        for (CounterValue counter : now.counters()) {
            long before = former.getOrDefault(key(counter), 0L);
            long difference = same ? counter.value() - before : counter.value();
            if (all || difference != 0) {
                differences.add(new Difference(counter.kind(), counter.name(), before, counter.value(), difference));
            }
        }
        return differences;
    }

    private static String key(CounterValue counter) {
        return counter.kind() + " " + counter.name();
    }

    private Answer delete(Resource.Request request) {
        return counted.run(() -> {
            String id = request.segment("id");
            if (!attempt(() -> snapshots.delete(id))) { throw nothing(); }
            return id;
        }, _ -> Outcome.DONE, id -> Answer.json(Map.of("id", id, "deleted", true)).untagged());
    }

    private Snapshot find(String id) {
        return attempt(() -> snapshots.find(id)).orElseThrow(SnapshotResources::nothing);
    }

    private static ProblemException nothing() {
        return ProblemException.of(404, "there is no such snapshot; /api/v1/counter-snapshots lists all");
    }

    private static <T> T attempt(Attempt<T> attempt) {
        try {
            return attempt.run();
        } catch (IOException e) {
            throw new UnavailableException(e.getMessage());
        }
    }
}
