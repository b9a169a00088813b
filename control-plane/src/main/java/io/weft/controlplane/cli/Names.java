package io.weft.controlplane.cli;

import io.weft.controlplane.view.Table;
import io.weft.controlplane.view.UnavailableException;
import io.weft.controlplane.view.View;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** Names of pods and Services where the API has addresses, and addresses where it has names. */
final class Names {
    private static final String ADDRESS = "[0-9.]+";
    private static final String NAME = "[-a-z0-9.]+";

    @Option(names = {"-n",
        "--namespace"}, paramLabel = "NAMESPACE", defaultValue = "default", description = "of names without one (default: ${DEFAULT-VALUE})") private String namespace;

    /**
     * The endpoint that a drain is about.
     *
     * @param text {@code ADDRESS} or {@code [NAMESPACE/]POD}, of a pod of the node, each with {@code :PORT} or without
     * @return with the address
     * @throws UnavailableException if the node has no such pod
     */
    String endpoint(String text, NodeSource node) {
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? text : text.substring(0, colon);
        String port = colon < 0 ? "" : text.substring(colon);
        if (host.matches(ADDRESS) || !host.matches(NAME + "(/" + NAME + ")?")) { return text; }
        String pod = qualified(host);
        List<String> addresses = cells(node.table(View.PODS, false), "name", pod, "address");
        if (addresses.isEmpty()) {
            throw new UnavailableException("there is no pod " + pod
                + " on this node; an endpoint on another node is named by its address");
        }
        return addresses.getFirst() + port;
    }

    /**
     * The Service that a pause is about.
     *
     * @param text {@code [NAMESPACE/]NAME}, or an address of the Service
     * @return {@code NAMESPACE/NAME}
     * @throws UnavailableException if no Service has this address
     */
    String service(String text, NodeSource node) {
        if (!text.matches(ADDRESS)) { return qualified(text); }
        List<String> names = cells(node.table(View.SERVICES, false), "address", text, "name");
        if (names.isEmpty()) { throw new UnavailableException("no Service has the address " + text); }
        return names.getFirst().replaceFirst(":.*", "");
    }

    private String qualified(String name) {
        return name.contains("/") ? name : namespace + "/" + name;
    }

    private static List<String> cells(Table table, String column, String value, String wanted) {
        return table.objects().stream().filter(row -> value.equals(row.get(column)))
            .map((Map<String, Object> row) -> row.get(wanted).toString()).toList();
    }

    /** A path of the API: each part a segment, encoded. */
    static String path(String... segments) {
        StringBuilder path = new StringBuilder("/api/v1");
        for (String segment : segments) {
            path.append('/').append(URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20")
                .replace("%3A", ":"));
        }
        return path.toString();
    }
}
