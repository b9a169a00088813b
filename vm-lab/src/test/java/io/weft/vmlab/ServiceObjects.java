package io.weft.vmlab;

import io.weft.vmlab.ServiceCase.Policy;
import io.weft.vmlab.ServiceCase.State;
import io.weft.vmlab.kubernetes.Images;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The manifests of {@link KubernetesServicesIT}: pods, and Services whose EndpointSlices are written by hand, so that every state holds still. */
final class ServiceObjects {
    static final int TCP_PORT = 80;
    static final int UDP_PORT = 81;
    private static final String HTTP_TARGET = "8080";
    private static final String UDP_TARGET = "8081";

    private final String namespace;

    ServiceObjects(String namespace) {
        this.namespace = namespace;
    }

    /** A pod that answers, or one that only asks. */
    String pod(String name, String node, boolean backend) {
        return """
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: %2$s, namespace: %1$s}
            spec:
              nodeName: %3$s
              terminationGracePeriodSeconds: 1
              containers: [{name: main, image: %4$s, args: [%5$s]}]
            """.formatted(namespace, name, node, Images.AGNHOST,
            backend ? "netexec, --http-port=" + HTTP_TARGET + ", --udp-port=" + UDP_TARGET : "pause");
    }

    /** A Service of all kinds at once. */
    String service(Policy policy, State state) {
        return """
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: %2$s, namespace: %1$s}
            spec:
              type: LoadBalancer
              internalTrafficPolicy: %3$s
              externalTrafficPolicy: %3$s
              externalIPs: [%4$s]
              ports:
              - {name: http, port: %5$d, protocol: TCP, targetPort: 8080}
              - {name: datagrams, port: %6$d, protocol: UDP, targetPort: 8081}
            """.formatted(namespace, ServiceCase.service(policy, state), policy.text, externalIp(policy, state),
            TCP_PORT, UDP_PORT);
    }

    static String externalIp(Policy policy, State state) {
        return "198.51.100." + number(policy, state);
    }

    static String loadBalancerIp(Policy policy, State state) {
        return "203.0.113." + number(policy, state);
    }

    private static int number(Policy policy, State state) {
        return 1 + policy.ordinal() * State.values().length + state.ordinal();
    }

    /**
     * @param backends address of the endpoint on each node
     * @param tested the nodes under test, whose endpoints are "here"
     */
    String slice(Policy policy, State state, Map<String, String> backends, List<String> tested) {
        List<String> endpoints = new ArrayList<>();
        backends.forEach((node, address) -> {
            String conditions = conditions(state, tested.contains(node));
            if (!conditions.isEmpty()) {
                endpoints.add("{addresses: [%s], nodeName: %s, conditions: {%s}}".formatted(address, node, conditions));
            }
        });
        return """
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: %2$s, namespace: %1$s, labels: {kubernetes.io/service-name: %2$s}}
            addressType: IPv4
            ports:
            - {name: http, port: %3$s, protocol: TCP}
            - {name: datagrams, port: %4$s, protocol: UDP}
            endpoints: [%5$s]
            """.formatted(namespace, ServiceCase.service(policy, state), HTTP_TARGET, UDP_TARGET,
            String.join(", ", endpoints));
    }

    /** Empty if there is no such endpoint. */
    private static String conditions(State state, boolean here) {
        String ready = "ready: true, serving: true, terminating: false";
        String ending = "ready: false, serving: true, terminating: true";
        return switch (state) {
            case READY -> ready;
            case NONE_HERE -> here ? "" : ready;
            case ENDING_HERE -> here ? ending : ready;
            case ENDING -> ending;
            case UNREADY -> "ready: false, serving: false, terminating: false";
            case EMPTY -> "";
        };
    }
}
