package io.weft.controlplane.journal;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.Protocol;
import io.weft.controlplane.model.Service;
import io.weft.encap.address.IpAddress;
import java.util.ArrayList;
import java.util.List;

/** Services with endpoints on 5,000 nodes, with names such as controllers give. */
final class LargeCluster {
    private static final int NODES = 5000;
    private static final int FIRST_VIP = IpAddress.of("10.96.0.1").toInt();
    private static final int FIRST_POD = IpAddress.of("10.128.0.0").toInt();

    private LargeCluster() {
    }

    /** A Service and an EndpointSlice for each. */
    static List<ClusterObject> objects(int services, int endpoints) {
        List<ClusterObject> objects = new ArrayList<>();
        for (int i = 0; i < services; i++) {
            String namespace = "team-" + i % 100;
            String name = "service-" + i;
            objects.add(Service.clusterIp(namespace, name, 1_790_000_000_000L + i,
                List.of(IpAddress.ipv4(FIRST_VIP + i)), List.of(new Service.Port("http", 80, Protocol.TCP))));
            objects.add(new EndpointSlice(namespace, name + "-" + Integer.toString(i * 7919, 36), name,
                endpoints(i * endpoints, endpoints), List.of(new EndpointSlice.Port("http", 8080, Protocol.TCP)),
                List.of()));
        }
        return objects;
    }

    private static List<EndpointSlice.Endpoint> endpoints(int first, int count) {
        List<EndpointSlice.Endpoint> endpoints = new ArrayList<>();
        for (int i = first; i < first + count; i++) {
            endpoints.add(new EndpointSlice.Endpoint(List.of(IpAddress.ipv4(FIRST_POD + i)), true, true, false,
                "node-" + i % NODES + ".example.net"));
        }
        return endpoints;
    }
}
