package io.weft.perf.bulk;

import io.weft.encap.address.Ipv4Address;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import io.weft.vmlab.net.NamespaceThread;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;

/**
 * Two namespaces with a third that routes between them, as Linux does for pods without Weft: veths with default settings, MTU 1500, all
 * offloads on, so that segments stay merged as super-frames end to end.
 *
 * <pre>   near 198.18.1.2 ── router 198.18.1.1 │ 198.18.2.1 ── far 198.18.2.2   </pre>
 */
final class KernelPath implements AutoCloseable {
    private static final int PREFIX = 24;
    private static final String FAR = "198.18.2.2";

    private final Path router;
    private final Path near;
    private final Path far;
    private final NamespaceThread nearThread;
    private final NamespaceThread farThread;

    /** @param prefix of the namespaces' names */
    KernelPath(String prefix) {
        router = NetworkNamespace.named(prefix + "-linux");
        near = NetworkNamespace.named(prefix + "-linux-near");
        far = NetworkNamespace.named(prefix + "-linux-far");
        for (Path namespace : new Path[]{router, near, far}) {
            NetworkNamespace.create(namespace);
        }
        connect(near, "near", "198.18.1.1", "198.18.1.2");
        connect(far, "far", "198.18.2.1", FAR);
        NetworkNamespace.run(router, () -> Sysctl.write("net/ipv4/ip_forward", "1"));
        nearThread = new NamespaceThread(near);
        farThread = new NamespaceThread(far);
    }

    private void connect(Path end, String device, String routerIp, String endIp) {
        try (Rtnetlink atRouter = Rtnetlink.openIn(router);
            Rtnetlink atEnd = Rtnetlink.openIn(end);
            NetworkNamespace namespace = NetworkNamespace.open(end)) {
            int here = atRouter.createVeth(VethSpec.of(device, "eth0").withPeerNamespace(namespace.fd())).index();
            int there = atEnd.link("eth0").orElseThrow().index();
            atRouter.addAddress(here, Ipv4Address.of(routerIp), PREFIX, Route.RT_SCOPE_UNIVERSE);
            atEnd.addAddress(there, Ipv4Address.of(endIp), PREFIX, Route.RT_SCOPE_UNIVERSE);
            atRouter.setUp(here);
            atEnd.setUp(there);
            atEnd.replaceRoute(Route.to(0, 0).via(Ipv4Address.of(routerIp), there));
        }
    }

    NamespaceThread near() {
        return nearThread;
    }

    NamespaceThread far() {
        return farThread;
    }

    static InetAddress farAddress() throws UnknownHostException {
        return InetAddress.getByName(FAR);
    }

    @Override
    public void close() {
        nearThread.close();
        farThread.close();
        for (Path namespace : new Path[]{near, far, router}) {
            NetworkNamespace.delete(namespace);
        }
    }
}
