package io.weft.vmlab.demo;

import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.Manifests;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.traffic.Dns;
import io.weft.vmlab.traffic.HttpBackend;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** The demo's workload: clients on every node, four web backends and two DNS servers behind ClusterIPs. */
final class DemoCluster implements AutoCloseable {
    static final int HTTP_PORT = 8080;
    static final int DNS_PORT = 53;
    static final String DNS_NAME = "web.default.svc.cluster.local";
    static final InetSocketAddress WEB_SERVICE = new InetSocketAddress("10.96.0.80", 80);
    static final InetSocketAddress DNS_SERVICE = new InetSocketAddress("10.96.0.10", DNS_PORT);

    final Lab lab;
    final Pod client1;
    final Pod neighbour1;
    final Pod client2;
    final Pod kernelPod;
    final List<HttpBackend> web = new ArrayList<>();
    final List<Dns.Server> dns = new ArrayList<>();

    DemoCluster(Lab lab) throws Exception {
        this.lab = lab;
        WeftNode n1 = lab.node("n1");
        WeftNode n2 = lab.node("n2");
        client1 = n1.addPod("client");
        neighbour1 = n1.addPod("neighbour");
        client2 = n2.addPod("client");
        kernelPod = lab.kernelNode().map(node -> node.pod()).orElse(null);
        List<Manifests.Endpoint> webEndpoints = new ArrayList<>();
        List<Manifests.Endpoint> dnsEndpoints = new ArrayList<>();
        for (WeftNode node : List.of(n1, n2)) {
            for (String name : List.of("web-a", "web-b")) {
                webEndpoints.add(startWeb(node, node.addPod(name)));
            }
            dnsEndpoints.add(startDns(node, node.addPod("dns")));
        }
        publish("web", WEB_SERVICE, new Manifests.Port("http", "TCP", WEB_SERVICE.getPort(), HTTP_PORT), webEndpoints);
        publish("dns", DNS_SERVICE, new Manifests.Port("dns", "UDP", DNS_PORT, DNS_PORT), dnsEndpoints);
    }

    private Manifests.Endpoint startWeb(WeftNode node, Pod pod) throws Exception {
        web.add(HttpBackend.start(pod.thread(), node.name() + "/" + pod.name(), pod.port(HTTP_PORT)));
        return new Manifests.Endpoint(pod.address(), node.name(), true);
    }

    private Manifests.Endpoint startDns(WeftNode node, Pod pod) throws Exception {
        dns.add(Dns.serve(pod.thread(), pod.port(DNS_PORT), DNS_NAME, WEB_SERVICE.getAddress()));
        return new Manifests.Endpoint(pod.address(), node.name(), true);
    }

    private void publish(String name, InetSocketAddress service, Manifests.Port port,
        List<Manifests.Endpoint> endpoints)
        throws Exception {
        InetAddress clusterIp = service.getAddress();
        lab.manifests().service(name, clusterIp, List.of(port));
        lab.manifests().endpoints(name, List.of(port), endpoints);
        lab.awaitEndpoints(service, endpoints);
    }

    @Override
    public void close() throws Exception {
        web.forEach(HttpBackend::close);
        for (Dns.Server server : dns) {
            server.close();
        }
    }
}
