package io.weft.controlplane.api.resource;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.weft.controlplane.api.events.EventStream;
import io.weft.controlplane.api.events.RecentItems;
import io.weft.controlplane.api.http.Answer;
import io.weft.controlplane.api.http.ProblemException;
import io.weft.controlplane.api.http.Query;
import io.weft.controlplane.api.http.Resource;
import io.weft.controlplane.flowlog.FlowRecords;
import io.weft.controlplane.flowlog.NamedFlow;
import io.weft.controlplane.view.FlowFilter;
import io.weft.dataplane.flowlog.FlowEndReason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/** Flow records: the latest page by page, the oldest first, and as a stream. Any thread. */
public final class FlowRecordResources {
    private static final String PATH = "/api/v1/flow-records";
    private static final String REASON = "reason";
    private static final String LIMIT = "limit";
    private static final String AFTER = "after";
    private static final int DEFAULT_LIMIT = 500;
    private static final int MAX_LIMIT = 5000;

    /**
     * A page.
     *
     * @param lost records for which the dataplane had no room
     */
    private record Page(long lost, List<Numbered> records) {
    }

    private record Numbered(String id, @JsonUnwrapped NamedFlow flow) {
    }

    private final Optional<FlowRecords> records;

    private FlowRecordResources(Optional<FlowRecords> records) {
        this.records = records;
    }

    /** @param records empty if there are none, by configuration */
    public static List<Resource> of(Optional<FlowRecords> records) {
        FlowRecordResources resources = new FlowRecordResources(records);
        Set<String> filters = new TreeSet<>(FlowQuery.PARAMETERS);
        filters.add(REASON);
        Set<String> all = new TreeSet<>(filters);
        all.addAll(List.of(LIMIT, AFTER));
        RecentItems<FlowRecords.Entry> log = records.map(FlowRecords::recent).orElseGet(() -> new RecentItems<>(1));
        EventStream<FlowRecords.Entry> stream = new EventStream<>(PATH + "/stream", log, new EventStream.Form<>(
            entry -> entry.named().event(), FlowRecords.Entry::named, filters, query -> {
                resources.requireOn();
                return filter(query);
            }));
        return List.of(Resource.json(PATH, all, request -> resources.page(request.query())), stream.resource());
    }

    private FlowRecords requireOn() {
        return records.orElseThrow(() -> ProblemException.of(404,
            "flow records are off; the configuration key flows.records turns them on, from the next start"));
    }

    private Answer page(Query query) {
        Predicate<FlowRecords.Entry> wanted = filter(query);
        int limit = query.integer(LIMIT, 1, MAX_LIMIT).orElse(DEFAULT_LIMIT);
        Optional<String> after = query.text(AFTER);
        query.requireCorrect();
        RecentItems<FlowRecords.Entry> log = requireOn().recent();
        List<Numbered> page = new ArrayList<>();
        String last = "";
        boolean more = false;
        for (RecentItems.Item<FlowRecords.Entry> item : log.after(after.map(id -> number(id, log)).orElse(0L))) {
            if (page.size() == limit) {
                more = true;
                break;
            }
            last = log.run() + "-" + item.id();
            if (wanted.test(item.value())) {
                page.add(new Numbered(last, item.value().named()));
            }
        }
        Answer answer = Answer.json(new Page(requireOn().lost(), page));
        return more ? answer.with("Link", "<" + PATH + "?" + next(query, last) + ">; rel=\"next\"") : answer;
    }

    private static String next(Query query, String last) {
        List<String> same = new ArrayList<>(FlowQuery.PARAMETERS);
        same.addAll(List.of(REASON, LIMIT));
        return FlowQuery.next(query, same, AFTER, last);
    }

    private static long number(String id, RecentItems<?> log) {
        if (!id.matches(log.run() + "-[0-9]{1,18}")) {
            throw ProblemException.of(410,
                "the record of this id is gone, because the control plane has restarted: start"
                    + " without an id");
        }
        return Long.parseLong(id.substring(log.run().length() + 1));
    }

    private static Predicate<FlowRecords.Entry> filter(Query query) {
        FlowFilter flows = FlowQuery.filter(query);
        Optional<String> reason = query.value(REASON, text -> Optional.of(text).filter(reasons()::contains),
            "one of " + String.join(", ", reasons()));
        return entry -> reason.filter(wanted -> !wanted.equals(entry.named().reason())).isEmpty()
            && flows.accepts(entry.raw().flow(), entry.named().fromPod(), entry.named().toPod(),
                entry.named().service());
    }

    private static List<String> reasons() {
        return Arrays.stream(FlowEndReason.values()).filter(reason -> reason != FlowEndReason.NONE)
            .map(FlowEndReason::toString).toList();
    }
}
