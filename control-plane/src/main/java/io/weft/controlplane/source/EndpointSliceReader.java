package io.weft.controlplane.source;

import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.EndpointSlice.Endpoint;
import io.weft.controlplane.model.EndpointSlice.Hints;
import io.weft.encap.address.IpAddress;
import java.util.List;
import java.util.Optional;

/** Turns an EndpointSlice into an {@link EndpointSlice}. Errors: {@link ObjectTree.WrongField}. */
final class EndpointSliceReader {
    private static final String SERVICE_NAME_LABEL = "kubernetes.io/service-name";
    private static final String IPV4 = "IPv4";
    private static final List<String> ADDRESS_TYPES = List.of(IPV4, "IPv6", "FQDN");

    private EndpointSliceReader() {
    }

    static EndpointSlice read(String namespace, String name, ObjectTree metadata, ObjectTree object) {
        ObjectTree addressType = object.required("addressType");
        String type = addressType.text();
        if (!ADDRESS_TYPES.contains(type)) {
            throw addressType.wrong("must be IPv4, IPv6 or FQDN, not \"" + type + "\"");
        }
        String service = ObjectReader.label(metadata, SERVICE_NAME_LABEL);
        if (!type.equals(IPV4)) {
            return new EndpointSlice(namespace, name, service, List.of(), List.of(),
                List.of("its endpoints of address type " + type + " are not served"));
        }
        // Loops instead of streams: each change of one endpoint brings all of its slice.
        List<ObjectTree> all = object.list("endpoints");
        Endpoint[] endpoints = new Endpoint[all.size()];
        for (int i = 0; i < endpoints.length; i++) {
            endpoints[i] = endpoint(all.get(i));
        }
        List<EndpointSlice.Port> ports = object.list("ports").stream()
            .flatMap(port -> EndpointSliceReader.port(port).stream()).toList();
        return new EndpointSlice(namespace, name, service, List.of(endpoints), ports, List.of());
    }

    /** Thousands of endpoints name the same few nodes and zones, so their names are interned. */
    private static Endpoint endpoint(ObjectTree endpoint) {
        List<ObjectTree> texts = endpoint.list("addresses");
        if (texts.isEmpty()) { throw endpoint.missing("addresses"); }
        IpAddress[] addresses = new IpAddress[texts.size()];
        for (int i = 0; i < addresses.length; i++) {
            ObjectTree text = texts.get(i);
            addresses[i] = Addresses.ipv4(text)
                .orElseThrow(() -> text.wrong("must be an IPv4 address, as addressType says"));
        }
        Optional<ObjectTree> conditions = endpoint.field("conditions");
        boolean ready = conditions.map(value -> value.flag("ready", true)).orElse(true);
        boolean serving = conditions.map(value -> value.flag("serving", true)).orElse(true);
        boolean terminating = conditions.map(value -> value.flag("terminating", false)).orElse(false);
        return new Endpoint(List.of(addresses), ready, serving, terminating, endpoint.text("nodeName", "").intern(),
            endpoint.field("hints").map(EndpointSliceReader::hints).orElse(Hints.NONE));
    }

    private static Hints hints(ObjectTree hints) {
        List<String> zones = names(hints, "forZones");
        List<String> nodes = names(hints, "forNodes");
        return zones.isEmpty() && nodes.isEmpty() ? Hints.NONE : new Hints(zones, nodes);
    }

    private static List<String> names(ObjectTree hints, String field) {
        return hints.list(field).stream().map(hint -> hint.required("name").text().intern()).toList();
    }

    /** Empty for a port without a number, which the API allows but no proxy can serve. */
    private static Optional<EndpointSlice.Port> port(ObjectTree port) {
        return port.field("port").map(number -> new EndpointSlice.Port(port.text("name", "").intern(),
            ObjectReader.port(number), ObjectReader.protocol(port)));
    }
}
