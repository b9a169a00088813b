package io.weft.controlplane.api.resource;

import io.weft.controlplane.api.http.Answer;
import io.weft.controlplane.api.http.ProblemException;
import io.weft.controlplane.api.http.Query;
import io.weft.controlplane.api.http.Resource;
import io.weft.controlplane.view.FlowFilter;
import io.weft.controlplane.view.FlowViews;
import io.weft.controlplane.view.NodeFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The flow table, page by page. The header {@code Link} (RFC 8288) of a page has the address of the next. A page's end is a slot of the table,
 * so no state is kept between two requests.
 */
final class FlowResource {
    private static final String LIMIT = "limit";
    private static final String CURSOR = "cursor";
    private static final Set<String> PARAMETERS = Set.of("address", "port", "protocol", "service", "pod", "state",
        LIMIT, CURSOR);
    private static final int DEFAULT_LIMIT = 500;
    private static final int MAX_LIMIT = 5000;

    /** @param incarnation of the flow table that it belongs to */
    private record Cursor(long incarnation, int slot) {
        static Optional<Cursor> parse(String text) {
            if (!text.matches("[0-9a-f]{1,16}-[0-9]{1,9}")) { return Optional.empty(); }
            String[] parts = text.split("-");
            return Optional.of(new Cursor(Long.parseUnsignedLong(parts[0], 16), Integer.parseInt(parts[1])));
        }

        @Override
        public String toString() {
            return Long.toHexString(incarnation) + "-" + slot;
        }
    }

    private FlowResource() {
    }

    static Resource of(String path, Path runDirectory) {
        return Resource.json(path, PARAMETERS, request -> {
            Query query = request.query();
            FlowFilter filter = FlowQuery.filter(query);
            int limit = query.integer(LIMIT, 1, MAX_LIMIT).orElse(DEFAULT_LIMIT);
            Optional<Cursor> cursor = query.value(CURSOR, Cursor::parse, "the cursor of a Link header");
            query.requireCorrect();
            try (NodeFiles files = new NodeFiles(runDirectory)) {
                cursor.ifPresent(given -> requireCurrent(given, files));
                FlowViews.Page page = FlowViews.page(files, filter, cursor.map(Cursor::slot).orElse(0), limit);
                Answer answer = Answer.json(page.table().objects());
                return page.nextSlot() < 0 ? answer
                    : answer.with("Link", "<" + path + "?" + next(query, page) + ">; rel=\"next\"");
            }
        });
    }

    private static void requireCurrent(Cursor cursor, NodeFiles files) {
        if (files.requireFlows().incarnation() != cursor.incarnation()) {
            throw ProblemException.of(410,
                "the flow table of this cursor is gone, because the dataplane has restarted: start without a cursor");
        }
    }

    private static String next(Query query, FlowViews.Page page) {
        List<String> same = new ArrayList<>(FlowQuery.PARAMETERS);
        same.add(LIMIT);
        return FlowQuery.next(query, same, CURSOR, new Cursor(page.incarnation(), page.nextSlot()).toString());
    }
}
