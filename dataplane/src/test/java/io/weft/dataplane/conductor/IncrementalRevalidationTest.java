package io.weft.dataplane.conductor;

import static io.weft.dataplane.conductor.FlowNode.ip;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.conductor.FlowNode.Plan;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.state.LocalAddresses;
import io.weft.dataplane.state.UnderlayRoutes;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.PortSpec;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.lb.flow.FlowState;
import io.weft.lb.flow.FlowTemplate;
import io.weft.lb.service.Backend;
import io.weft.lb.service.FrontendKind;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Makes random changes of Services, ports, peers, the local node, and the kernel's routes and addresses, while flows are created from old
 * and new state. Once the conductor has processed all changes, a comparison of every flow with the tables must find none to end and none to
 * redirect.
 *
 * <p>{@code -Dweft.changes=100000} sets the number of changes, {@code -Dweft.seed=N} repeats a run.
 */
class IncrementalRevalidationTest {
    private static final int CHANGES = Integer.getInteger("weft.changes", 20_000);
    private static final long SEED = Long.getLong("weft.seed", System.nanoTime());
    private static final int QUIET_EVERY = 40;
    private static final int FLOWS_BEFORE_QUIET = 60;
    private static final int GATEWAYS = 3;

    @TempDir private Path directory;
    private final Random random = new Random(SEED);
    private final List<Plan> plans = new ArrayList<>();
    private final List<FlowTemplate> templates = new ArrayList<>();
    private FlowNode node;
    private long flowsSeen;

    @Test
    void noFlowOutlivesTheStateThatAllowedIt() {
        try (FlowNode made = new FlowNode(directory)) {
            node = made;
            node.tables.putLocal(FlowNode.local("192.0.2.11", "10.244.1.0/24"));
            node.tables.commit();
            for (int gateway = 0; gateway < GATEWAYS; gateway++) {
                node.underlay.gateways.add(gateway(gateway));
                node.underlay.macs.put(gateway(gateway), 0x02_00_00_00_03_00L + gateway);
            }
            routes();
            node.settle();
            for (int i = 0; i < CHANGES; i++) {
                change();
                if (random.nextInt(3) == 0) {
                    node.tables.commit();
                }
                if (random.nextInt(3) == 0) {
                    node.pass();
                }
                work();
                if (i % QUIET_EVERY == 0) {
                    compare(i);
                }
            }
            assertTrue(node.ended() > CHANGES / 20, "flows ended: " + node.ended());
            assertTrue(flowsSeen > CHANGES / 20, "flows that went on: " + flowsSeen);
        }
    }

    private void compare(int change) {
        for (int i = 0; i < FLOWS_BEFORE_QUIET; i++) {
            decide();
            letGo();
        }
        node.tables.commit();
        node.settle();
        Map<String, Integer> incremental = node.all();
        node.compareAll();
        assertEquals(incremental, node.all(), () -> "after change " + change + " of seed " + SEED);
        flowsSeen += incremental.size();
    }

    // -- the worker --------------------------------------------------------------------------------------------------

    /** Starts batches, in which it decides by the current state, and ends them, which creates the flows. */
    private void work() {
        switch (random.nextInt(4)) {
            case 0 -> letGo();
            case 1 -> {
                letGo();
                decide();
            }
            default -> { // the batch continues
            }
        }
    }

    private void letGo() {
        for (int i = 0; i < plans.size(); i++) {
            node.insert(plans.get(i), templates.get(i));
        }
        plans.clear();
        templates.clear();
        node.epochs.sleep(0);
    }

    /** Remembers the decision until the batch ends. */
    private void decide() {
        node.epochs.enter(0);
        Plan plan = plan();
        node.decide(plan).ifPresent(template -> {
            plans.add(plan);
            templates.add(template);
        });
    }

    private Plan plan() {
        boolean toService = random.nextInt(3) > 0;
        boolean tcp = random.nextInt(3) == 0;
        int flowState = tcp ? random.nextBoolean() ? FlowState.ESTABLISHED : FlowState.SYN_SENT
            : FlowState.UDP_UNREPLIED;
        int ingress;
        int source;
        switch (random.nextInt(4)) {
            case 0 -> {
                ingress = FlowNode.HOST;
                source = random.nextBoolean() ? node.local.base().toInt() : ip("172.17.0.1");
            }
            case 1 -> {
                int peer = random.nextInt(6);
                ingress = Ingress.tunnel(tunnel(peer));
                source = random.nextInt(4) == 0 ? endpoint(random.nextInt(6)) : podOf(peer);
            }
            default -> {
                ingress = 2 + random.nextInt(4);
                source = pod(random.nextInt(6));
            }
        }
        int service = random.nextInt(7);
        int destination = !toService ? anyAddress() : service < 6 ? vip(service) : node.local.address().toInt();
        return new Plan(ingress, source, 1000 + random.nextInt(30_000), destination,
            toService ? 80 + random.nextInt(2) : 9000, tcp ? 6 : 17, toService ? backend(random.nextInt(10)) : 0, 8080,
            flowState);
    }

    private int anyAddress() {
        return switch (random.nextInt(4)) {
            case 0 -> pod(random.nextInt(6));
            case 1 -> podOf(random.nextInt(6));
            case 2 -> random.nextBoolean() ? endpoint(random.nextInt(6)) : ip("172.17.0.1");
            default -> ip("203.0.113.0") + random.nextInt(4);
        };
    }

    // -- changes -----------------------------------------------------------------------------------------------------

    private void change() {
        int kind = random.nextInt(100);
        if (kind < 60) {
            changeService();
        } else if (kind < 75) {
            changePort();
        } else if (kind < 92) {
            changePeer();
        } else if (kind < 95) {
            routes();
        } else if (kind < 97) {
            addresses();
        } else if (kind < 98) {
            changeLocal();
        } else if (kind < 99) {
            changeManyServices();
        } else if (random.nextInt(3) == 0) {
            anotherControlPlane();
        }
    }

    private void changeService() {
        int service = random.nextInt(7); // the last one's ports are the node's own
        ServiceKey key = new ServiceKey(service < 6 ? ipv4(vip(service)) : ServiceKey.NODE_ADDRESSES,
            80 + random.nextInt(2), random.nextBoolean() ? 6 : 17);
        if (random.nextInt(5) == 0) {
            node.tables.services().remove(key);
            return;
        }
        List<Backend> backends = IntStream.range(0, 10).filter(_ -> random.nextInt(3) > 0)
            .mapToObj(i -> Backend.ready(ipv4(backend(i)), 8080)).toList();
        node.tables.services().put(new ServiceSpec(key,
            key.isOnNode() ? FrontendKind.NODE_PORT : FrontendKind.CLUSTER_IP, "s", false, false, 0, List.of(),
            backends));
    }

    /** Makes perhaps more changes than the log holds. */
    private void changeManyServices() {
        for (int i = random.nextInt(3000); i > 0; i--) {
            changeService();
            if (i % 100 == 0) {
                node.tables.commit();
            }
        }
    }

    private void changePort() {
        int id = 2 + random.nextInt(4);
        if (random.nextInt(4) == 0) {
            node.tables.removePort(id);
        } else {
            node.tables
                .putPort(new PortSpec(id, random.nextInt(3), "weft" + id, ipv4(pod(random.nextInt(6))), id, 1450));
        }
    }

    private void changePeer() {
        int index = random.nextInt(6);
        if (random.nextInt(4) == 0) {
            node.tables.removePeer(index);
            return;
        }
        int tunnel = random.nextInt(8) == 0 ? 7 : tunnel(index); // sometimes several peers share an endpoint
        int at = endpoint(tunnel == 7 ? 7 : index);
        List<IpAddress> addresses = random.nextBoolean() ? List.of(ipv4(at))
            : List.of(ipv4(at), ipv4(endpoint(random.nextInt(6))));
        node.tables.putPeer(new PeerSpec(index, tunnel, "n" + index, ipv4(at), tunnel,
            IpPrefix.containing(ipv4(podOf(random.nextInt(6))), 24), addresses, random.nextBoolean()));
    }

    /** Changes the kernel's routes; the conductor follows at once. */
    private void routes() {
        long result = random.nextInt(5) == 0 ? UnderlayRoutes.BLACKHOLE : gateway(random.nextInt(GATEWAYS));
        UnderlayRoutes routes = new UnderlayRoutes(List.of(
            UnderlayRoutes.Entry.via(IpPrefix.of("192.0.2.0/24"), 0),
            new UnderlayRoutes.Entry(IpPrefix.of("0.0.0.0/0"), result)));
        node.underlay.routes = routes;
        node.state.publish(routes);
        if (node.local != null) {
            node.nextHops.refresh(node.local);
        }
        node.revalidation.kernelChanged();
    }

    private void addresses() {
        node.state.publish(random.nextBoolean()
            ? new LocalAddresses(node.local.address().toInt(), ip("172.17.0.1"))
            : new LocalAddresses(node.local.address().toInt(), ip("203.0.113.1")));
        node.revalidation.kernelChanged();
    }

    private void changeLocal() {
        node.tables.putLocal(FlowNode.local("192.0.2." + (11 + random.nextInt(2)), "10.244.1.0/24"));
    }

    /** Another control plane's tables, which hold only the local node at first. */
    private void anotherControlPlane() {
        letGo();
        node.tables.close();
        node.newTables();
        node.tables.putLocal(FlowNode.local("192.0.2.11", "10.244.1.0/24"));
        node.tables.commit();
    }

    private static IpAddress ipv4(int address) {
        return IpAddress.ipv4(address);
    }

    private static int vip(int number) {
        return ip("10.96.0.10") + number;
    }

    private static int pod(int number) {
        return ip("10.244.1.2") + number;
    }

    private static int podOf(int peer) {
        return ip("10.244.20.5") + (peer << 8);
    }

    private static int endpoint(int peer) {
        return ip("192.0.2.100") + peer;
    }

    private static int tunnel(int peer) {
        return peer + 10;
    }

    private static int gateway(int number) {
        return ip("192.0.2.250") + number;
    }

    /** Pods of this node and of others, and one address outside. */
    private static int backend(int number) {
        return number < 4 ? pod(number) : number < 9 ? podOf(number - 4) : ip("203.0.113.2");
    }
}
