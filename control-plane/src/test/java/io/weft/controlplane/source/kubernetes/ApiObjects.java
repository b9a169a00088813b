package io.weft.controlplane.source.kubernetes;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.UncheckedIOException;

/** Objects as an API server holds them. */
final class ApiObjects {
    private ApiObjects() {
    }

    static ObjectNode node(String name, int number) {
        return object("""
            {"apiVersion":"v1","kind":"Node","metadata":{"name":"%s","creationTimestamp":"2026-01-31T08:00:00Z"},
             "spec":{"podCIDRs":["10.244.%d.0/24"]},
             "status":{"addresses":[{"type":"InternalIP","address":"192.0.2.%d"}]}}""".formatted(name, number, number));
    }

    static ObjectNode namespace(String name) {
        return object("""
            {"apiVersion":"v1","kind":"Namespace",
             "metadata":{"name":"%s","labels":{"kubernetes.io/metadata.name":"%s"}}}""".formatted(name, name));
    }

    static ObjectNode pod(String name, String node, String ip) {
        return object("""
            {"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"default","name":"%s"},
             "spec":{"nodeName":"%s"},"status":{"podIP":"%s","podIPs":[{"ip":"%s"}]}}"""
            .formatted(name, node, ip, ip));
    }

    static ObjectNode service(String name, String clusterIp) {
        return object("""
            {"apiVersion":"v1","kind":"Service","metadata":{"namespace":"default","name":"%s"},
             "spec":{"type":"ClusterIP","clusterIP":"%s","clusterIPs":["%s"],"ports":[{"name":"https","port":443,
             "protocol":"TCP","targetPort":6443}]}}""".formatted(name, clusterIp, clusterIp));
    }

    static ObjectNode serviceCidr(String name, String cidr) {
        return object("""
            {"apiVersion":"networking.k8s.io/v1","kind":"ServiceCIDR","metadata":{"name":"%s"},
             "spec":{"cidrs":["%s"]}}""".formatted(name, cidr));
    }

    /** With one ready endpoint. */
    static ObjectNode slice(String service, String ip, int port) {
        return object("""
            {"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","addressType":"IPv4","metadata":{
             "namespace":"default","name":"%s","labels":{"kubernetes.io/service-name":"%s"}},
             "endpoints":[{"addresses":["%s"],"conditions":{"ready":true},"nodeName":"n1"}],
             "ports":[{"name":"https","port":%d,"protocol":"TCP"}]}""".formatted(service, service, ip, port));
    }

    static ObjectNode object(String json) {
        try {
            return (ObjectNode) ScriptedApiServer.JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }
}
