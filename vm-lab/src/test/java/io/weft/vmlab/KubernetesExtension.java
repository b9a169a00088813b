package io.weft.vmlab;

import io.weft.vmlab.kubernetes.Cluster;
import io.weft.vmlab.kubernetes.ClusterPlan;
import io.weft.vmlab.kubernetes.KubernetesBinaries;
import io.weft.vmlab.kubernetes.NodeNetwork;
import io.weft.vmlab.lab.Distribution;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Provides a Kubernetes cluster. The clusters of all test classes that ask for the same networks are one, which is removed at the end of the
 * run, so each test makes a namespace of its own. The tests skip without root, the programs of the lab, or what Kubernetes is built with.
 */
final class KubernetesExtension implements BeforeAllCallback {
    private final List<NodeNetwork.Kind> networks;
    private Cluster cluster;

    private KubernetesExtension(List<NodeNetwork.Kind> networks) {
        this.networks = networks;
    }

    /** @param networks of the nodes, {@code n1} first */
    static KubernetesExtension of(NodeNetwork.Kind... networks) {
        return new KubernetesExtension(List.of(networks));
    }

    Cluster cluster() {
        return cluster;
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        Requirements.root();
        Optional<String> missing = Cluster.missing();
        Requirements.assume(missing.isEmpty(), missing.orElse(""));
        SharedLab.end(context);
        cluster = context.getRoot().getStore(ExtensionContext.Namespace.create(KubernetesExtension.class))
            .getOrComputeIfAbsent(networks, this::bringUp, Running.class).cluster;
    }

    private Running bringUp(List<NodeNetwork.Kind> wanted) {
        try {
            KubernetesBinaries binaries = KubernetesBinaries.provide(Distribution.locate().checkout());
            return new Running(Cluster.up(new ClusterPlan(LabNames.unique("kube"), wanted), binaries));
        } catch (KubernetesBinaries.UnavailableException e) {
            Requirements.assume(false, e.getMessage());
            throw new AssertionError(e);
        } catch (Exception e) {
            throw new IllegalStateException("the cluster did not come up: " + e.getMessage(), e);
        }
    }

    /** JUnit closes it at the end of the run. */
    private record Running(Cluster cluster) implements AutoCloseable {
        @Override
        public void close() throws Exception {
            cluster.close();
            for (Path left : List.of(cluster.lab().directory(), cluster.lab().storage())) {
                if (Files.exists(left)) { throw new IllegalStateException("the cluster left " + left); }
            }
        }
    }
}
