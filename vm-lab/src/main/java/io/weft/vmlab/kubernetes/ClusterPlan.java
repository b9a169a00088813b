package io.weft.vmlab.kubernetes;

import io.weft.vmlab.lab.LabPlan;
import java.util.List;
import java.util.Map;

/**
 * A Kubernetes cluster in a lab.
 *
 * @param name of the lab
 * @param networks that of each node, {@code n1} first; 1 to 8
 */
public record ClusterPlan(String name, List<NodeNetwork.Kind> networks) {
    public ClusterPlan {
        networks = List.copyOf(networks);
    }

    /** The lab that holds the cluster. */
    public LabPlan lab() {
        return new LabPlan(name, networks.size(), false, 1, Map.of());
    }

    List<LabPlan.Host> hosts() {
        return lab().weftHosts();
    }
}
