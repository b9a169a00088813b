package io.weft.controlplane.api.resource;

import io.weft.controlplane.api.http.Answer;
import io.weft.controlplane.api.http.ProblemException;
import io.weft.controlplane.api.http.Query;
import io.weft.controlplane.api.http.Resource;
import io.weft.controlplane.view.FlowFilter;
import io.weft.controlplane.view.FlowViews;
import io.weft.controlplane.view.NodeFiles;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.lb.flow.FlowState;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;
import java.util.stream.IntStream;

/**
 * The flow table, page by page. The header {@code Link} (RFC 8288) of a page has the address of the next. A page's end is a slot of the table,
 * so no state is kept between two requests.
 */
final class FlowResource {
    private static final String LIMIT = "limit";
    private static final String CURSOR = "cursor";
    private static final List<String> FILTERS = List.of("address", "port", "protocol", "service", "pod", "state");
    private static final Set<String> PARAMETERS = Set.of("address", "port", "protocol", "service", "pod", "state",
        LIMIT, CURSOR);
    private static final int DEFAULT_LIMIT = 500;
    private static final int MAX_LIMIT = 5000;
    private static final int MAX_PORT = 65_535;
    private static final int MAX_PROTOCOL = 255;
    private static final String NAME_PATTERN = "[a-z0-9.-]{1,63}/[a-z0-9.-]{1,253}";

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
            FlowFilter filter = filter(query);
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

    private static FlowFilter filter(Query query) {
        return new FlowFilter(
            query.value("address", FlowResource::prefix, "an address or a prefix such as 10.244.1.0/24"),
            query.integer("port", 0, MAX_PORT),
            query.value("protocol", FlowResource::protocol, "tcp, udp, icmp or a number up to " + MAX_PROTOCOL),
            query.value("service", FlowResource::name, "a namespace and a name such as default/web"),
            query.value("pod", FlowResource::name, "a namespace and a name such as default/web-0"),
            query.value("state", FlowResource::state, "one of " + String.join(", ", states())));
    }

    private static Optional<IpPrefix> prefix(String text) {
        return text.contains("/") ? IpPrefix.parse(text) : IpAddress.parse(text).map(IpPrefix::single);
    }

    private static Optional<Integer> protocol(String text) {
        return switch (text) {
            case "icmp" -> Optional.of(1);
            case "tcp" -> Optional.of(6);
            case "udp" -> Optional.of(17);
            default -> text.matches("[0-9]{1,3}") ? Optional.of(Integer.valueOf(text)).filter(n -> n <= MAX_PROTOCOL)
                : Optional.empty();
        };
    }

    private static Optional<String> name(String text) {
        return Optional.of(text).filter(name -> name.matches(NAME_PATTERN));
    }

    private static Optional<String> state(String text) {
        return Optional.of(text).filter(states()::contains);
    }

    private static List<String> states() {
        return IntStream.range(FlowState.NONE + 1, FlowState.COUNT).mapToObj(FlowState::name).toList();
    }

    private static String next(Query query, FlowViews.Page page) {
        StringJoiner next = new StringJoiner("&");
        FILTERS.forEach(name -> query.text(name).ifPresent(text -> next.add(name + "=" + encode(text))));
        query.text(LIMIT).ifPresent(text -> next.add(LIMIT + "=" + encode(text)));
        return next.add(CURSOR + "=" + new Cursor(page.incarnation(), page.nextSlot())).toString();
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
