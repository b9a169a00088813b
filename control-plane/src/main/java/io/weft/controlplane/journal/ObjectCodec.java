package io.weft.controlplane.journal;

import io.weft.controlplane.model.ClusterNode;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.Kind;
import io.weft.controlplane.model.Namespace;
import io.weft.controlplane.model.NetworkPolicy;
import io.weft.controlplane.model.Pod;
import io.weft.controlplane.model.Service;
import io.weft.controlplane.model.ServiceCidr;

/** Cluster objects in the journal, each after the name of its kind. Every change here needs a new {@link ClusterJournal#VERSION}. */
final class ObjectCodec {
    private ObjectCodec() {
    }

    static void write(ClusterObject object, JournalOutput out) {
        out.text(object.key().kind().name());
        switch (object) {
            case ClusterNode node -> NodeCodec.write(node, out);
            case Namespace namespace -> NamespaceCodec.write(namespace, out);
            case Pod pod -> PodCodec.write(pod, out);
            case Service service -> ServiceCodec.write(service, out);
            case EndpointSlice slice -> EndpointSliceCodec.write(slice, out);
            case NetworkPolicy policy -> NetworkPolicyCodec.write(policy, out);
            case ServiceCidr range -> ServiceCidrCodec.write(range, out);
        }
    }

    static ClusterObject read(JournalInput in) {
        return switch (Kind.valueOf(in.text())) {
            case NODE -> NodeCodec.read(in);
            case NAMESPACE -> NamespaceCodec.read(in);
            case POD -> PodCodec.read(in);
            case SERVICE -> ServiceCodec.read(in);
            case ENDPOINT_SLICE -> EndpointSliceCodec.read(in);
            case NETWORK_POLICY -> NetworkPolicyCodec.read(in);
            case SERVICE_CIDR -> ServiceCidrCodec.read(in);
        };
    }
}
