package io.weft.controlplane.compiler;

import io.weft.controlplane.model.ClusterNode;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.EndpointSlice.Endpoint;
import io.weft.controlplane.model.EndpointSlice.Hints;
import io.weft.controlplane.model.Kind;
import io.weft.controlplane.model.NetworkPolicy;
import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.model.Pod;
import io.weft.controlplane.model.Protocol;
import io.weft.controlplane.model.Service;
import io.weft.controlplane.model.ServiceCidr;
import io.weft.controlplane.model.TunnelAnnotations;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * Random cluster objects from small pools of names, addresses, prefixes and ports, so that they often contradict each other. Some of them
 * no API server would accept.
 */
public final class RandomObjects {
    static final String OWN = "n1";
    /** The compilers of the test fail on a Service with this port, and on a Node with this name. */
    static final int POISONOUS_PORT = 666;
    static final String POISONOUS_NODE = "poison";

    private static final List<String> NODES = List.of("a", "b", "c", "d", "e", "f", "g", "h", POISONOUS_NODE);
    private static final List<String> PREFIXES = List.of("10.244.2.0/24", "10.244.2.128/25", "10.244.3.0/24",
        "10.244.4.0/24", "10.244.4.0/22", "10.244.5.7/32", "10.244.1.0/26", "10.96.4.0/24", "10.244.0.0/16",
        "10.245.0.0/24");
    private static final List<String> ADDRESSES = List.of("192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.1", "0.0.0.0",
        "10.244.1.7", "10.244.5.7", "10.96.0.1", "198.51.100.9");
    private static final List<String> VIPS = List.of("10.96.0.1", "10.96.0.2", "10.96.0.3", "10.97.0.1", "192.0.2.1",
        "0.0.0.0");
    private static final List<String> ENDPOINTS = List.of("10.244.1.5", "10.244.1.6", "10.244.2.7", "10.244.2.200",
        "10.244.3.1", "0.0.0.0", "127.0.0.1", "198.51.100.9", "10.96.0.1");
    private static final List<Integer> PORTS = List.of(80, 81, 53, 443, 22, 0, 65_535, 70_000, -1);
    private static final List<Integer> NODE_PORTS = List.of(0, 0, 30_080, 30_081, 80);
    private static final List<String> SERVICE_CIDRS = List.of("10.96.0.0/17", "10.97.0.0/24", "10.244.0.0/20",
        "192.0.2.0/24");

    private final Random random;

    /** Addresses whose routes are compared: those in objects, and the ends of prefixes. */
    static List<Integer> probes() {
        Set<Integer> all = new TreeSet<>();
        List.of(ADDRESSES, VIPS, ENDPOINTS).forEach(pool -> pool.forEach(text -> all.add(IpAddress.of(text).toInt())));
        for (String text : PREFIXES) {
            int first = IpPrefix.of(text).base().toInt();
            int last = IpPrefix.of(text).last().toInt();
            all.addAll(List.of(first, first + 1, last, last + 1));
        }
        return List.copyOf(all);
    }

    public RandomObjects(Random random) {
        this.random = random;
    }

    public ClusterObject any() {
        return switch (random.nextInt(21)) {
            case 0 -> ownNode();
            case 1, 2, 3, 4 -> node();
            case 5, 6 -> pod();
            case 7 -> new NetworkPolicy("default", "p" + random.nextInt(3));
            case 20 -> serviceCidr();
            case 8, 9, 10, 11, 12 -> service();
            default -> slice();
        };
    }

    /** The key of an object that may or may not exist; never this node's own. */
    ObjectKey anyKey() {
        return switch (random.nextInt(6)) {
            case 0 -> new ObjectKey(Kind.NODE, "", of(NODES));
            case 1 -> new ObjectKey(Kind.POD, "default", "p" + random.nextInt(6));
            case 2 -> new ObjectKey(Kind.NETWORK_POLICY, "default", "p" + random.nextInt(3));
            case 3 -> new ObjectKey(Kind.SERVICE, "default", "s" + random.nextInt(12));
            case 4 -> new ObjectKey(Kind.SERVICE_CIDR, "", "r" + random.nextInt(2));
            default -> new ObjectKey(Kind.ENDPOINT_SLICE, "default", "e" + random.nextInt(24));
        };
    }

    ClusterNode ownNode() {
        String podCidr = random.nextInt(4) == 0 ? "10.244.3.0/24" : "10.244.1.0/24";
        return new ClusterNode(OWN, created(), List.of(IpPrefix.of(podCidr)),
            List.of(IpAddress.of(random.nextInt(5) == 0 ? "192.0.2.3" : "192.0.2.1")), zone(),
            Optional.empty(), List.of());
    }

    private ClusterNode node() {
        boolean flannel = random.nextBoolean();
        TunnelAnnotations tunnel = new TunnelAnnotations(flannel, flannel ? of(List.of("vxlan", "vxlan", "udp")) : "",
            random.nextInt(8) == 0 ? OptionalInt.of(7) : OptionalInt.empty(),
            random.nextBoolean() ? OptionalLong.of(0x02_00_00_00_00_00L + random.nextInt(4)) : OptionalLong.empty(),
            random.nextInt(3) == 0 ? Optional.of(address()) : Optional.empty(), random.nextBoolean());
        return new ClusterNode(of(NODES), created(), some(2, () -> IpPrefix.of(of(PREFIXES))),
            some(3, this::address), zone(), random.nextInt(12) == 0 ? Optional.empty() : Optional.of(tunnel),
            unsupported());
    }

    private Pod pod() {
        return new Pod("default", "p" + random.nextInt(6), created(), random.nextInt(4) == 0 ? "a" : OWN,
            random.nextInt(5) == 0, some(2, () -> IpAddress.of(of(ENDPOINTS))));
    }

    private Service service() {
        return new Service("default", "s" + random.nextInt(12), created(), of(List.of("ClusterIP", "LoadBalancer")),
            new Service.Addresses(some(3, this::vip), some(1, this::vip), some(1, this::vip)),
            some(4, this::servicePort), random.nextBoolean() ? Service.Behaviour.DEFAULT : behaviour(), unsupported());
    }

    private Service.Behaviour behaviour() {
        return new Service.Behaviour(random.nextBoolean(), random.nextBoolean(), random.nextInt(2) * 3600,
            some(2, () -> IpPrefix.of(of(PREFIXES))), random.nextInt(3), random.nextInt(5) == 0);
    }

    private IpAddress vip() {
        return IpAddress.of(of(VIPS));
    }

    private String zone() {
        return of(List.of("", "east", "west"));
    }

    private ServiceCidr serviceCidr() {
        return new ServiceCidr("r" + random.nextInt(2), random.nextInt(3),
            some(2, () -> IpPrefix.of(of(SERVICE_CIDRS))), unsupported());
    }

    private Service.Port servicePort() {
        return new Service.Port(of(List.of("", "http", "x".repeat(random.nextInt(20) == 0 ? 2000 : 3))), port(),
            of(List.of(Protocol.values())), of(NODE_PORTS));
    }

    private EndpointSlice slice() {
        return new EndpointSlice("default", random.nextInt(20) == 0 ? "kubernetes" : "e" + random.nextInt(24),
            serviceName(), some(4, this::endpoint),
            some(2, () -> new EndpointSlice.Port(of(List.of("", "http", "xxx")), port(),
                of(List.of(Protocol.values())))),
            unsupported());
    }

    /** Sometimes null, on which the compiler fails halfway, outside the code that catches failures per object. */
    private String serviceName() {
        if (random.nextInt(200) == 0) { return null; }
        return random.nextInt(10) == 0 ? "" : "s" + random.nextInt(12);
    }

    private Endpoint endpoint() {
        return new Endpoint(some(2, () -> IpAddress.of(of(ENDPOINTS))), random.nextInt(3) > 0, random.nextBoolean(),
            random.nextBoolean(), of(List.of(OWN, "a", "")),
            new Hints(some(2, this::zone), some(1, () -> of(List.of(OWN, "a")))));
    }

    private List<String> unsupported() {
        return random.nextInt(4) == 0 ? List.of("something is not supported") : List.of();
    }

    private int port() {
        return random.nextInt(60) == 0 ? POISONOUS_PORT : of(PORTS);
    }

    private IpAddress address() {
        return IpAddress.of(of(ADDRESSES));
    }

    private long created() {
        return random.nextInt(3) == 0 ? ClusterObject.NOT_YET_CREATED : random.nextInt(4);
    }

    private <T> T of(List<T> pool) {
        return pool.get(random.nextInt(pool.size()));
    }

    /** Zero to {@code most} values, possibly with repetitions. */
    private <T> List<T> some(int max, Supplier<T> maker) {
        List<T> all = new ArrayList<>();
        for (int count = random.nextInt(max + 1); count > 0; count--) {
            all.add(maker.get());
        }
        return List.copyOf(all);
    }
}
