package io.weft.controlplane.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.controlplane.source.ClusterChange;
import io.weft.controlplane.source.ManifestFixture;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.TablesReader;
import io.weft.dataplane.table.TablesSizing;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.MacAddress;
import io.weft.lb.service.Backend;
import io.weft.lb.service.FrontendKind;
import io.weft.lb.service.ServiceSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Manifests in, tables out: {@code tables/NAME.yaml}, compiled for node n1 and read back from the tables file, must give
 * {@code tables/NAME.txt}. Lines {@code # step} separate steps; an object that is missing from the next step is removed.
 */
class TableFixtureTest {
    @TempDir private Path run;

    @ParameterizedTest
    @ValueSource(strings = {"nodes", "services", "endpoints", "conflicts", "changes",
        "duplicates", "unsupported", "machines", "kinds", "policies", "reserved", "ranges"})
    void manifestsCompileToTheExpectedTables(String name) throws Exception {
        NodeConfiguration configuration = NodeConfiguration.of(Map.of(
            "nodeName", "n1", "uplink", "eth1", "serviceCidr", "10.96.0.0/16", "runDirectory", run.toString()));
        NodeFacts facts = new NodeFacts(1500, Optional.of(IpAddress.of("192.0.2.1")),
            MacAddress.of("02:00:00:00:00:01"));
        try (TablesPublisher publisher = new TablesPublisher(run, new TablesSizing(1 << 20), () -> Long.MAX_VALUE)) {
            TableCompiler compiler = TableCompiler.Factory.of(configuration, facts).create(Optional.empty(), List.of());
            publisher.allowPublication();
            StringBuilder actual = new StringBuilder();
            for (ClusterChange step : ManifestFixture.steps(resource(name + ".yaml"))) {
                compiler.apply(step, publisher);
                publisher.commit();
                actual.append(actual.isEmpty() ? "" : "# step\n").append(dump(compiler));
            }
            assertEquals(resource(name + ".txt"), actual.toString());
        }
    }

    private String dump(TableCompiler compiler) {
        List<String> lines = new ArrayList<>();
        if (compiler.local().isPresent()) {
            try (TablesReader tables = TablesReader.open(run)) {
                lines.add(text(tables.local()));
                tables.snapshot().peers().forEach(peer -> lines.add(text(peer)));
                TreeSet<String> services = new TreeSet<>();
                tables.services().forEach(service -> services.add(text(service)));
                lines.addAll(services);
            }
        }
        compiler.problems().forEach(problem -> lines.add("problem " + problem));
        return lines.stream().map(line -> line + "\n").collect(Collectors.joining());
    }

    private static String text(LocalNode node) {
        return "local " + node.name() + " " + node.address() + " pods " + node.podCidr()
            + node.services().moreServiceCidrs().stream().map(cidr -> " services " + cidr).collect(Collectors.joining())
            + " mtu "
            + node.podMtu() + "/" + node.offNodeMtu();
    }

    private static String text(PeerSpec peer) {
        return "peer " + peer.index() + " tunnel " + peer.tunnel() + " " + peer.nodeName() + " "
            + peer.vtepIp() + " "
            + MacAddress.format(peer.vtepMac()) + " pods " + peer.podCidr() + " addresses "
            + peer.nodeAddresses().stream().map(IpAddress::toString).collect(Collectors.joining(","))
            + (peer.weft() ? " weft" : "");
    }

    private static String text(ServiceSpec service) {
        return "service " + (service.key().isOnNode() ? "node" : service.key().vip()) + ":" + service.key().port() + "/"
            + service.key().protocol() + " " + FrontendKind.name(service.kind()) + " " + service.name()
            + (service.policyLocal() ? " policy Local" : "") + (service.maglev() ? " maglev" : "")
            + (service.affinitySeconds() == 0 ? "" : " affinity " + service.affinitySeconds() + " s")
            + (service.sourceRanges().isEmpty() ? "" : " from " + service.sourceRanges()) + " ->"
            + service.backends().stream().map(backend -> " " + backend + flags(backend)).collect(Collectors.joining());
    }

    /** Nothing for a ready endpoint of another node. */
    private static String flags(Backend backend) {
        List<String> flags = new ArrayList<>();
        if (backend.is(Backend.LOCAL)) {
            flags.add("local");
        }
        if (backend.is(Backend.LOCAL_SET)) {
            flags.add(backend.is(Backend.CLUSTER_SET) ? "policy Local too" : "policy Local only");
        } else if (!backend.is(Backend.CLUSTER_SET)) {
            flags.add("keeps flows");
        }
        return flags.isEmpty() ? "" : flags.toString();
    }

    private static String resource(String name) throws IOException {
        try (var in = TableFixtureTest.class.getResourceAsStream("/tables/" + name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
