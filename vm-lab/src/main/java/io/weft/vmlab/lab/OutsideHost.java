package io.weft.vmlab.lab;

import io.weft.vmlab.net.NamespaceThread;
import java.net.InetAddress;
import java.nio.file.Path;

/** A machine on the underlay that is not a node of the cluster and has no route to pods or Services. */
public final class OutsideHost implements AutoCloseable {
    private final LabPlan.Host host;
    private final NamespaceThread thread;

    OutsideHost(LabPlan.Host host, Path namespace) {
        this.host = host;
        thread = new NamespaceThread(namespace);
    }

    public InetAddress address() {
        return host.address();
    }

    public NamespaceThread thread() {
        return thread;
    }

    @Override
    public void close() {
        thread.close();
    }
}
