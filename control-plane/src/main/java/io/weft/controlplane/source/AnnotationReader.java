package io.weft.controlplane.source;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.controlplane.model.TunnelAnnotations;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.MacAddress;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Reads the tunnel annotations of a Node. */
final class AnnotationReader {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_VNI = (1 << 24) - 1;

    private AnnotationReader() {
    }

    /** @return empty if the node has none of them */
    static Optional<TunnelAnnotations> read(ObjectTree annotations) {
        boolean subnetManager = flag(annotations, TunnelAnnotations.SUBNET_MANAGER);
        boolean weft = flag(annotations, TunnelAnnotations.WEFT);
        Optional<ObjectTree> data = annotations.field(TunnelAnnotations.BACKEND_DATA);
        Optional<ObjectTree> publicIp = annotations.field(TunnelAnnotations.PUBLIC_IP);
        if (!subnetManager && !weft && data.isEmpty() && publicIp.isEmpty()) { return Optional.empty(); }
        Optional<JsonNode> backend = data.map(AnnotationReader::json);
        return Optional.of(new TunnelAnnotations(
            subnetManager,
            annotations.text(TunnelAnnotations.BACKEND_TYPE, ""),
            backend.isPresent() ? vni(data.get(), backend.get()) : OptionalInt.empty(),
            backend.isPresent() ? vtepMac(data.get(), backend.get()) : OptionalLong.empty(),
            publicIp.map(AnnotationReader::address),
            weft));
    }

    /** Annotations are text, and the API refuses an unquoted boolean. It is accepted here, because its meaning is clear. */
    private static boolean flag(ObjectTree annotations, String name) {
        Optional<ObjectTree> value = annotations.field(name);
        String text = value.map(ObjectTree::textOrNumber).orElse("false");
        if (!text.equals("true") && !text.equals("false")) {
            throw value.orElseThrow().wrong("must be \"true\" or \"false\", not \"" + text + "\"");
        }
        return text.equals("true");
    }

    private static JsonNode json(ObjectTree data) {
        try {
            return JSON.readTree(data.text());
        } catch (JsonProcessingException e) {
            throw data.wrong("must be JSON such as {\"VNI\":1,\"VtepMAC\":\"02:…\"}, not \"" + data.text() + "\"");
        }
    }

    private static OptionalInt vni(ObjectTree data, JsonNode backend) {
        JsonNode vni = backend.path("VNI");
        if (vni.isMissingNode()) { return OptionalInt.empty(); }
        if (!vni.canConvertToInt() || vni.asInt() < 0 || vni.asInt() > MAX_VNI) {
            throw data.wrong("VNI must be a number from 0 to " + MAX_VNI + ", not " + vni);
        }
        return OptionalInt.of(vni.asInt());
    }

    private static OptionalLong vtepMac(ObjectTree data, JsonNode backend) {
        JsonNode mac = backend.path("VtepMAC");
        if (mac.isMissingNode()) { return OptionalLong.empty(); }
        OptionalLong address = MacAddress.parse(mac.asText());
        if (address.isEmpty()) { throw data.wrong("VtepMAC must be an Ethernet address, not " + mac); }
        return address;
    }

    private static IpAddress address(ObjectTree publicIp) {
        return IpAddress.parse(publicIp.text()).filter(IpAddress::isIpv4)
            .orElseThrow(() -> publicIp.wrong("must be an IPv4 address, not \"" + publicIp.text() + "\""));
    }
}
