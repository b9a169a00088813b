package io.weft.controlplane.journal;

import io.weft.controlplane.model.NetworkPolicy;

/** NetworkPolicies in the journal. */
final class NetworkPolicyCodec {
    private NetworkPolicyCodec() {
    }

    static void write(NetworkPolicy policy, JournalOutput out) {
        out.text(policy.namespace());
        out.text(policy.name());
    }

    static NetworkPolicy read(JournalInput in) {
        return new NetworkPolicy(in.text(), in.text());
    }
}
