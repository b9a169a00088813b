package io.weft.controlplane.compiler;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.Kind;
import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.source.ClusterChange;
import io.weft.controlplane.source.ManifestFixture;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.packet.IpProtocol;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** One file of {@code services/}: a node, cluster objects, and packets with their outcome. {@code services/README.md} describes the format. */
final class ServiceCase {
    private static final int SCTP = 132;

    private static final Pattern IPV4 = Pattern.compile("[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+(?![./0-9])");

    private final String text;
    private final Map<String, Object> content;

    private ServiceCase(String text) {
        this.text = text;
        this.content = yaml().load(text);
    }

    static ServiceCase read(String name) throws IOException {
        try (InputStream in = ServiceCase.class.getResourceAsStream("/services/" + name + ".yaml")) {
            return new ServiceCase(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    private static Yaml yaml() {
        return new Yaml(new SafeConstructor(new LoaderOptions()));
    }

    // -- node --------------------------------------------------------------------------------------------------------

    String nodeName() {
        return (String) node().get("name");
    }

    /** IPv4 only; the first is the primary. */
    List<String> addresses() {
        return ipv4(node().get("addresses")).toList();
    }

    /** All that the node's stack owns. */
    Stream<String> localAddresses() {
        return Stream.concat(addresses().stream(), ipv4(node().get("alsoLocal")));
    }

    String podCidr() {
        return ipv4(node().get("podCIDR")).findFirst().orElseThrow();
    }

    /** Addresses of this node's pods, clients and endpoints alike. */
    Set<String> podsHere() {
        IpPrefix prefix = IpPrefix.of(podCidr());
        int gateway = prefix.base().toInt() + 1;
        return IPV4.matcher(text).results().map(MatchResult::group)
            .filter(address -> prefix.contains(IpAddress.of(address)) && Ipv4Address.of(address) > gateway)
            .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Empty if it is not known. */
    String zone() {
        return Objects.requireNonNullElse((String) node().get("zone"), "");
    }

    String serviceCidr() {
        return ipv4(map(content.get("cluster")).get("serviceCIDR")).findFirst().orElseThrow();
    }

    String clusterCidr() {
        return ipv4(map(content.get("cluster")).get("podCIDR")).findFirst().orElseThrow();
    }

    /** With the defaults of the format, which are not Weft's. */
    Map<String, String> options() {
        Map<String, Object> options = map(content.get("options"));
        return Map.of("services.nodePortAddresses",
            options.get("nodePortAddresses") instanceof List<?> ranges
                ? String.join(",", ranges.stream().map(Object::toString).toList())
                : text(options, "nodePortAddresses", "all"),
            "services.masqueradeAll", text(options, "masqueradeAll", "false"),
            "services.localPods", text(options, "localPods", "node-cidr"));
    }

    private Map<String, Object> node() {
        return map(content.get("node"));
    }

    // -- objects -----------------------------------------------------------------------------------------------------

    List<ClusterObject> objects() {
        return objects(content.get("objects"));
    }

    private static List<ClusterObject> objects(Object manifests) {
        return ManifestFixture.objects(yaml().dump(Map.of("apiVersion", "v1", "kind", "List", "items", manifests)));
    }

    // -- steps -------------------------------------------------------------------------------------------------------

    /** Each has one part. */
    record Step(List<Row> rows, List<Map<String, Object>> http, ClusterChange change, Optional<String> zone,
        int waitSeconds) {
    }

    List<Step> steps() {
        if (content.get("packets") instanceof List<?> packets) { return List.of(packets(packets, 0)); }
        List<Step> steps = new ArrayList<>();
        int rows = 0;
        for (Object step : list(content.get("steps"))) {
            Step next = step(map(step), rows);
            rows += next.rows.size();
            steps.add(next);
        }
        return steps;
    }

    private static Step step(Map<String, Object> step, int firstRow) {
        ClusterChange none = new ClusterChange(0, List.of(), List.of());
        if (step.containsKey("packets")) { return packets(list(step.get("packets")), firstRow); }
        if (step.containsKey("http")) {
            return new Step(List.of(), list(step.get("http")).stream().map(ServiceCase::map).toList(), none,
                Optional.empty(), 0);
        }
        if (step.containsKey("apply")) { return change(new ClusterChange(0, objects(step.get("apply")), List.of())); }
        if (step.containsKey("remove")) {
            return change(new ClusterChange(0, List.of(),
                list(step.get("remove")).stream().map(reference -> key(map(reference))).toList()));
        }
        if (step.containsKey("node")) {
            return new Step(List.of(), List.of(), none,
                Optional.of(text(map(step.get("node")), "zone", "")), 0);
        }
        return new Step(List.of(), List.of(), none, Optional.empty(), (Integer) step.get("wait"));
    }

    private static Step packets(List<?> rows, int first) {
        return new Step(IntStream.range(0, rows.size()).mapToObj(i -> Row.of(first + i + 1, map(rows.get(i)))).toList(),
            List.of(), new ClusterChange(0, List.of(), List.of()), Optional.empty(), 0);
    }

    private static Step change(ClusterChange change) {
        return new Step(List.of(), List.of(), change, Optional.empty(), 0);
    }

    private static ObjectKey key(Map<String, Object> reference) {
        Kind kind = Arrays.stream(Kind.values()).filter(each -> each.title().equals(reference.get("kind"))).findFirst()
            .orElseThrow();
        return new ObjectKey(kind, text(reference, "namespace", ""), text(reference, "name", ""));
    }

    // -- rows --------------------------------------------------------------------------------------------------------

    /**
     * @param number from 1, within the file
     * @param protocol IP protocol number
     * @param endpoints expected; empty if {@code verdict} is drop, reject or pass
     * @param masquerade whether the source is translated: by endpoint, or for all by the empty key
     * @param stickyTo id of the row whose endpoint all connections get; empty without
     * @param flow the connection that this packet belongs to; empty for connections of its own
     */
    record Row(int number, String id, String from, String source, String ingress, int protocol, String destination,
        int port, String verdict, List<String> endpoints, Map<String, Boolean> masquerade, boolean sticky,
        String stickyTo, boolean equalShares, String flow, boolean handshake, boolean data, boolean unsure) {

        private static Row of(int number, Map<String, Object> row) {
            String to = text(row, "to", "");
            int colon = to.lastIndexOf(':');
            boolean served = row.get("expect") instanceof List<?>;
            return new Row(number, text(row, "id", ""), text(row, "from", ""), text(row, "src", ""),
                text(row, "in", ""),
                protocol(text(row, "proto", "")), to.substring(0, colon).replaceAll("[\\[\\]]", ""),
                Integer.parseInt(to.substring(colon + 1)), served ? "" : text(row, "expect", ""),
                served ? list(row.get("expect")).stream().map(Object::toString).toList() : List.of(),
                masquerade(row.get("masquerade")), Boolean.TRUE.equals(row.get("sticky")), text(row, "stickyTo", ""),
                row.containsKey("share"), text(row, "flow", ""), row.containsKey("handshake"),
                row.containsKey("segment"), Boolean.TRUE.equals(row.get("unsure")));
        }

        boolean isIpv6() { return source.contains(":"); }

        boolean isMasqueraded(String endpoint) {
            return masquerade.getOrDefault(endpoint, masquerade.getOrDefault("", false));
        }

        private static int protocol(String name) {
            return switch (name) {
                case "tcp" -> IpProtocol.IPPROTO_TCP;
                case "udp" -> IpProtocol.IPPROTO_UDP;
                default -> SCTP;
            };
        }

        @SuppressWarnings("unchecked")
        private static Map<String, Boolean> masquerade(Object value) {
            return switch (value) {
                case null -> Map.of();
                case Boolean all -> Map.of("", all);
                default -> (Map<String, Boolean>) value;
            };
        }

        @Override
        public String toString() {
            return number + " " + from + " " + source + " -> " + destination + ":" + port + "/" + protocol;
        }
    }

    // -- yaml --------------------------------------------------------------------------------------------------------

    private static Stream<String> ipv4(Object oneOrMore) {
        List<?> all = oneOrMore instanceof List<?> several ? several
            : oneOrMore == null ? List.of() : List.of(oneOrMore);
        return all.stream().map(Object::toString).filter(text -> !text.contains(":"));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Object value) {
        return value == null ? Map.of() : (Map<String, Object>) value;
    }

    private static List<?> list(Object value) {
        return (List<?>) value;
    }

    private static String text(Map<String, Object> map, String key, String absent) {
        return map.get(key) == null ? absent : map.get(key).toString();
    }
}
