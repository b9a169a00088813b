package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.weft.vmlab.kubernetes.Conformance;
import io.weft.vmlab.kubernetes.Conformance.Spec;
import io.weft.vmlab.kubernetes.Conformance.Verdict;
import io.weft.vmlab.kubernetes.KubernetesBinaries;
import io.weft.vmlab.kubernetes.NodeNetwork;
import io.weft.vmlab.lab.Distribution;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Kubernetes' own tests of the network, in a cluster of two Weft nodes and one of flannel and kube-proxy: each spec is a test. */
class KubernetesConformanceIT {
    /** Whether all specs run that docs/conformance.md lists as passed, and not only a few. */
    private static final boolean ALL = Boolean.getBoolean("weft.it.conformance");
    private static final String ALL_FOCUS = "\\[sig-network\\].*\\[Conformance\\]";
    /** The Linux node's plug-in ptp serves no hostPorts. */
    private static final String ALL_SKIP = "HostPort";
    private static final String FEW_SKIP = "Provider:GCE";
    /** Quick ones, each of another kind. The one that is no conformance spec looks at source addresses. */
    private static final List<String> FEW = List.of(
        "Networking Granular Checks: Pods should function for intra-pod communication: http",
        "Networking Granular Checks: Pods should function for node-pod communication: udp",
        "Services should serve a basic endpoint from pods",
        "Services should be able to change the type from ClusterIP to ExternalName",
        "Services should preserve source pod IP for traffic thru service cluster IP",
        "Services should complete a service status lifecycle",
        "EndpointSlice should support a Service with multiple endpoint IPs specified in multiple EndpointSlices",
        "DNS should provide DNS for the cluster",
        "DNS should provide DNS for pods for Hostname",
        "Proxy version v1 should proxy through a service and a pod");
    /** What the specs run in their pods, from this machine. */
    private static final List<String> IN_PODS = List.of("bash", "curl", "dig", "getent", "nc", "wget");
    private static final Path LOG = Path.of("target", "conformance.log");
    @RegisterExtension static final KubernetesExtension KUBERNETES = KubernetesExtension.of(
        NodeNetwork.Kind.WEFT, NodeNetwork.Kind.WEFT, NodeNetwork.Kind.LINUX);

    @TestFactory
    Stream<DynamicTest> kubernetesOwnSpecs() throws Exception {
        List<Spec> specs = new Conformance(KUBERNETES.cluster().lab(), tests())
            .run(ALL ? ALL_FOCUS : few(), ALL ? ALL_SKIP : FEW_SKIP, LOG);
        assertFalse(specs.isEmpty(), "no spec ran: " + LOG.toAbsolutePath());
        if (!ALL) {
            assertEquals(FEW.size(), specs.size(), specs.toString());
        }
        return specs.stream().map(spec -> dynamicTest(spec.name(), () -> assertEquals(Verdict.PASSED, spec.verdict(),
            spec.reason() + " (log: " + LOG.toAbsolutePath() + ")")));
    }

    private static KubernetesBinaries tests() throws Exception {
        IN_PODS.forEach(Requirements::tool);
        try {
            return KubernetesBinaries.provideWithTests(Distribution.locate().checkout());
        } catch (KubernetesBinaries.UnavailableException e) {
            Requirements.assume(false, e.getMessage());
            throw new AssertionError(e);
        }
    }

    private static String few() {
        return FEW.stream().map(name -> "\\Q" + name + "\\E")
            .collect(Collectors.joining("|", "\\[sig-network\\] (", ")"));
    }
}
