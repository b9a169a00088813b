package io.weft.controlplane.api.resource;

import io.weft.controlplane.api.http.Answer;
import io.weft.controlplane.api.http.JsonBody;
import io.weft.controlplane.api.http.Precondition;
import io.weft.controlplane.api.http.ProblemException;
import io.weft.controlplane.api.http.Resource;
import io.weft.controlplane.operator.ObjectionException;
import io.weft.controlplane.operator.OperatorWrite;
import io.weft.controlplane.operator.OperatorWrites;
import io.weft.controlplane.operator.OperatorWrites.Options;
import io.weft.controlplane.operator.OperatorWrites.Result;
import io.weft.controlplane.operator.WriteCounts;
import io.weft.controlplane.operator.WriteCounts.Outcome;
import io.weft.controlplane.view.UnavailableException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeoutException;

/**
 * Drains, pauses, static routes and the log level: for each kind a list, and a resource for each write, which PUT sets and DELETE removes. An
 * answer comes once the write is on disk. Any thread.
 */
public final class OperatorResources {
    private static final String DRY_RUN = "dryRun";
    private static final String FORCE = "force";
    private static final Set<String> PUT_PARAMETERS = Set.of(DRY_RUN, FORCE);
    private static final Set<String> DELETE_PARAMETERS = Set.of(DRY_RUN);
    private static final String COMMENT = "comment";
    private static final int MAX_COMMENT_LENGTH = 256;

    private final OperatorWrites writes;
    private final WriteCounts counts;

    private OperatorResources(OperatorWrites writes, WriteCounts counts) {
        this.writes = writes;
        this.counts = counts;
    }

    /** @param counts is told what becomes of each write */
    public static List<Resource> of(OperatorWrites writes, WriteCounts counts) {
        OperatorResources resources = new OperatorResources(writes, counts);
        List<Resource> all = new ArrayList<>();
        for (WriteForm form : WriteForm.all()) {
            form.listPath().ifPresent(path -> all.add(Resource.json(path, Set.of(), _ -> resources.list(form))));
            Set<String> members = new TreeSet<>(form.members());
            members.add(COMMENT);
            all.add(Resource.json(form.path(), Set.of(), request -> resources.read(form, request)).with(
                new Resource.Write("PUT", PUT_PARAMETERS, members,
                    (request, body) -> resources.put(form, request, body)),
                new Resource.Write("DELETE", DELETE_PARAMETERS, Set.of(),
                    (request, _) -> resources.delete(form, request))));
        }
        return all;
    }

    private Answer list(WriteForm form) {
        Map<String, String> uses = uses();
        List<Map<String, Object>> rows = new ArrayList<>();
        for (OperatorWrite write : writes.state().all()) {
            if (write.kind() == form.kind()) {
                Map<String, Object> row = document(form, Optional.of(write)).orElseThrow();
                row.put("use", uses.getOrDefault(write.title(), "not in use yet"));
                rows.add(row);
            }
        }
        return Answer.json(rows);
    }

    private Map<String, String> uses() {
        try {
            return writes.uses();
        } catch (TimeoutException e) {
            throw new UnavailableException(e.getMessage());
        }
    }

    private Answer read(WriteForm form, Resource.Request request) {
        String subject = form.subject(request);
        return document(form, writes.state().find(form.kind(), subject)).map(Answer::json)
            .orElseThrow(() -> nothing(form, subject));
    }

    private static ProblemException nothing(WriteForm form, String subject) {
        return ProblemException.of(404, "there is no such write: " + form.kind() + " " + subject);
    }

    private Answer put(WriteForm form, Resource.Request request, JsonBody body) {
        return counted(form).run(() -> carryOutPut(form, request, body), OperatorResources::outcome, result -> {
            Answer answer = Answer.json(result.before().isEmpty() && !result.dryRun() ? 201 : 200,
                document(form, result));
            return result.dryRun() ? answer.untagged() : answer.tagged(tag(form, result.after()).orElseThrow());
        });
    }

    private Result carryOutPut(WriteForm form, Resource.Request request, JsonBody body) {
        String subject = form.subject(request);
        boolean dryRun = request.query().flag(DRY_RUN);
        boolean force = request.query().flag(FORCE);
        request.query().requireCorrect();
        String comment = body.text(COMMENT, MAX_COMMENT_LENGTH).orElse("");
        String setting = form.setting(body);
        body.requireCorrect();
        OperatorWrite write = new OperatorWrite(form.kind(), subject, setting, comment, System.currentTimeMillis());
        Precondition precondition = Precondition.of(request);
        return carryOut(() -> writes.put(write, new Options(dryRun, force,
            current -> precondition.require(tag(form, current)))));
    }

    private Answer delete(WriteForm form, Resource.Request request) {
        return counted(form).run(() -> carryOutDelete(form, request), OperatorResources::outcome,
            result -> Answer.json(document(form, result)).untagged());
    }

    private Result carryOutDelete(WriteForm form, Resource.Request request) {
        String subject = form.subject(request);
        boolean dryRun = request.query().flag(DRY_RUN);
        request.query().requireCorrect();
        Precondition precondition = Precondition.of(request);
        return carryOut(() -> writes.delete(form.kind(), subject, new Options(dryRun, true, current -> {
            precondition.require(tag(form, current));
            if (current.isEmpty()) { throw nothing(form, subject); }
        })));
    }

    private CountedWrites counted(WriteForm form) {
        return new CountedWrites(counts, form.kind().toString());
    }

    private static Outcome outcome(Result result) {
        if (result.dryRun()) { return Outcome.DRY_RUN; }
        return result.before().equals(result.after()) ? Outcome.UNCHANGED : Outcome.DONE;
    }

    /** A write that may fail. */
    private interface Attempt {
        Result run() throws ObjectionException, IOException, TimeoutException;
    }

    private static Result carryOut(Attempt attempt) {
        try {
            return attempt.run();
        } catch (ObjectionException e) {
            throw ProblemException.of(409, e.getMessage() + "; nothing has changed, force=true does it anyway");
        } catch (IllegalArgumentException e) {
            throw ProblemException.of(409, e.getMessage() + "; nothing has changed");
        } catch (IOException e) {
            throw new UnavailableException("the write cannot be kept, and nothing has changed: " + e.getMessage());
        } catch (TimeoutException e) {
            throw new UnavailableException(e.getMessage() + "; nothing has changed");
        }
    }

    private static Map<String, Object> document(WriteForm form, Result result) {
        Map<String, Object> document = document(form, result.after()).or(() -> document(form, result.before()))
            .orElseThrow();
        document.put(DRY_RUN, result.dryRun());
        document.put("deleted", result.after().isEmpty());
        document.put("inUse", result.inUse());
        document.put("effects", result.effects());
        return document;
    }

    private static Optional<String> tag(WriteForm form, Optional<OperatorWrite> write) {
        return document(form, write).map(Answer::json).map(Answer::entityTag);
    }

    /** What the resource of a write is; empty if there is none. */
    private static Optional<Map<String, Object>> document(WriteForm form, Optional<OperatorWrite> write) {
        return write.or(form::absent).map(present -> {
            Map<String, Object> document = new LinkedHashMap<>(form.document(present));
            document.put(COMMENT, present.comment());
            document.put("since",
                present.sinceMillis() == 0 ? null : Instant.ofEpochMilli(present.sinceMillis()).toString());
            return document;
        });
    }
}
