package io.weft.dataplane.table;

import java.util.Locale;

/**
 * Which clients of Services count as pods of this node. Their source is not translated to a ClusterIP, and they are insiders under an
 * external policy Local. The same choice as kube-proxy's {@code detectLocalMode}.
 */
public enum LocalPods {
    /** Those with an address of this node's pod CIDR. */
    NODE_CIDR,
    /** Those with an address of the whole cluster's pod CIDR. */
    CLUSTER_CIDR,
    /** No client is known to be one. */
    NONE;

    /** As in the configuration. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
