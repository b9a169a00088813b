package io.weft.controlplane.source.kubernetes;

import io.weft.controlplane.model.Kind;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.StringJoiner;

/**
 * A resource of the API that the source follows: all objects of a kind, or those that a selector selects.
 *
 * @param name as in RBAC rules, such as {@code endpointslices}
 * @param path from the server's root
 * @param selector a query parameter; empty if all objects are selected
 * @param optional whether a node does without it where the server does not have it (before Kubernetes 1.33), or does not grant it
 */
record Resource(Kind kind, String name, String path, String selector, boolean optional) {

    /** Everything that a node needs; of the Pods, only its own. */
    static List<Resource> of(String nodeName) {
        return List.of(
            all(Kind.NODE, "nodes", "/api/v1/nodes"),
            all(Kind.NAMESPACE, "namespaces", "/api/v1/namespaces"),
            new Resource(Kind.POD, "pods", "/api/v1/pods", "fieldSelector=" + encode("spec.nodeName=" + nodeName),
                false),
            all(Kind.SERVICE, "services", "/api/v1/services"),
            all(Kind.ENDPOINT_SLICE, "endpointslices", "/apis/discovery.k8s.io/v1/endpointslices"),
            new Resource(Kind.SERVICE_CIDR, "servicecidrs", "/apis/networking.k8s.io/v1/servicecidrs", "", true));
    }

    private static Resource all(Kind kind, String name, String path) {
        return new Resource(kind, name, path, "", false);
    }

    /**
     * Path and query of a request.
     *
     * @param parameters {@code NAME=VALUE}, not encoded yet
     */
    String query(List<String> parameters) {
        StringJoiner query = new StringJoiner("&", path + "?", "");
        if (!selector.isEmpty()) {
            query.add(selector);
        }
        for (String parameter : parameters) {
            int equals = parameter.indexOf('=');
            query.add(parameter.substring(0, equals + 1) + encode(parameter.substring(equals + 1)));
        }
        return query.toString();
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
