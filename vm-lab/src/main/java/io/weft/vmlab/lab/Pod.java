package io.weft.vmlab.lab;

import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.vmlab.net.NamespaceThread;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;

/**
 * A pod of the lab: a network namespace with one interface.
 *
 * @param address the pod's IP
 * @param thread a thread inside; sockets opened on it are the pod's
 */
public record Pod(String name, LabPlan.Host host, Path netns, InetAddress address, NamespaceThread thread) {
    /** This pod's address with a port. */
    public InetSocketAddress port(int port) {
        return new InetSocketAddress(address, port);
    }

    /** The path of the namespace of a pod named {@code name} on {@code host}. */
    static Path netns(LabPlan.Host host, String name) {
        return NetworkNamespace.named(host.namespace() + "-" + name);
    }
}
