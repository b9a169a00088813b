package io.weft.controlplane.api.resource;

import io.weft.controlplane.api.http.Query;
import io.weft.controlplane.view.FlowFilter;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.lb.flow.FlowState;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.stream.IntStream;

/** The parameters by which clients choose flows. */
final class FlowQuery {
    static final List<String> PARAMETERS = List.of("address", "port", "protocol", "service", "pod", "state");
    private static final int MAX_PORT = 65_535;
    private static final int MAX_PROTOCOL = 255;
    private static final String NAME_PATTERN = "[a-z0-9.-]{1,63}/[a-z0-9.-]{1,253}";

    private FlowQuery() {
    }

    /** What is wrong is reported to the query. */
    static FlowFilter filter(Query query) {
        return new FlowFilter(
            query.value("address", FlowQuery::prefix, "an address or a prefix such as 10.244.1.0/24"),
            query.integer("port", 0, MAX_PORT),
            query.value("protocol", FlowQuery::protocol, "tcp, udp, icmp or a number up to " + MAX_PROTOCOL),
            query.value("service", FlowQuery::name, "a namespace and a name such as default/web"),
            query.value("pod", FlowQuery::name, "a namespace and a name such as default/web-0"),
            query.value("state", FlowQuery::state, "one of " + String.join(", ", states())));
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

    /** The query of the next page: the same parameters, and where it continues. */
    static String next(Query query, List<String> same, String parameter, String value) {
        StringJoiner next = new StringJoiner("&");
        same.forEach(name -> query.text(name).ifPresent(text -> next.add(name + "=" + encode(text))));
        return next.add(parameter + "=" + value).toString();
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
