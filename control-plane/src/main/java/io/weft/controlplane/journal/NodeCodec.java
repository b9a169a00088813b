package io.weft.controlplane.journal;

import io.weft.controlplane.model.ClusterNode;
import io.weft.controlplane.model.TunnelAnnotations;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Nodes in the journal. */
final class NodeCodec {
    private NodeCodec() {
    }

    static void write(ClusterNode node, JournalOutput out) {
        out.text(node.name());
        out.number(node.createdMillis());
        out.list(node.podCidrs(), out::prefix);
        out.list(node.internalIps(), out::address);
        out.text(node.zone());
        out.optional(node.tunnel(), tunnel -> writeTunnel(tunnel, out));
        out.list(node.unsupported(), out::text);
    }

    static ClusterNode read(JournalInput in) {
        return new ClusterNode(in.text(), in.number(), in.list(in::prefix), in.list(in::address),
            in.text(), in.optional(() -> readTunnel(in)), in.list(in::text));
    }

    private static void writeTunnel(TunnelAnnotations tunnel, JournalOutput out) {
        out.flag(tunnel.subnetManager());
        out.text(tunnel.backendType());
        out.flag(tunnel.vni().isPresent());
        tunnel.vni().ifPresent(out::number);
        out.flag(tunnel.vtepMac().isPresent());
        tunnel.vtepMac().ifPresent(out::number);
        out.optional(tunnel.publicIp(), out::address);
        out.flag(tunnel.weft());
    }

    private static TunnelAnnotations readTunnel(JournalInput in) {
        return new TunnelAnnotations(in.flag(), in.text(),
            in.flag() ? OptionalInt.of((int) in.number()) : OptionalInt.empty(),
            in.flag() ? OptionalLong.of(in.number()) : OptionalLong.empty(),
            in.optional(in::address), in.flag());
    }
}
