package io.weft.perf.traffic;

import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import java.nio.file.Path;

/** Two new namespaces with a veth between them, up and without addresses; removed on close. */
final class VethNamespaces implements AutoCloseable {
    static final String LEFT_DEVICE = "left0";
    static final String RIGHT_DEVICE = "right0";
    final Path left;
    final Path right;

    VethNamespaces(String name) {
        String unique = "weftperf-" + name + "-" + ProcessHandle.current().pid();
        left = NetworkNamespace.named(unique + "-l");
        right = NetworkNamespace.named(unique + "-r");
        NetworkNamespace.create(left);
        NetworkNamespace.create(right);
        try (Rtnetlink here = Rtnetlink.openIn(left);
            Rtnetlink there = Rtnetlink.openIn(right);
            NetworkNamespace target = NetworkNamespace.open(right)) {
            here.createVeth(VethSpec.of(LEFT_DEVICE, RIGHT_DEVICE).withPeerNamespace(target.fd()));
            here.setUp(here.link(LEFT_DEVICE).orElseThrow().index());
            there.setUp(there.link(RIGHT_DEVICE).orElseThrow().index());
        }
    }

    @Override
    public void close() {
        NetworkNamespace.delete(left);
        NetworkNamespace.delete(right);
    }
}
