package io.weft.nativebindings.support;

import io.weft.nativebindings.linux.InterfaceNames;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.process.ExternalCommand;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Two network namespaces of a test's own, joined by a veth pair: {@code wa} here, {@code wb} there, both up, without IPv6, so
 * that the kernel sends no frame by itself. Removed by close.
 */
public final class VethPair implements AutoCloseable {
    private static final AtomicInteger COUNTER = new AtomicInteger();

    /** Namespace and device of each end. */
    public final End a;

    public final End b;

    /** One end. */
    public static final class End {
        private final String namespace;
        private final String device;
        private int ifindex;

        private End(String namespace, String device) {
            this.namespace = namespace;
            this.device = device;
        }

        public int ifindex() {
            return ifindex;
        }

        public String device() {
            return device;
        }

        /** The device's MAC address: 48 bits. */
        public long mac() {
            try (Rtnetlink links = Rtnetlink.openIn(NetworkNamespace.named(namespace))) {
                return links.link(device).orElseThrow().mac();
            }
        }

        /** Runs code inside this end's namespace. */
        public <T> T call(Callable<T> task) {
            try {
                return NetworkNamespace.call(NetworkNamespace.named(namespace), task::call);
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }

        /** Runs {@code ip} with these arguments in this end's namespace. */
        public String ip(String arguments) {
            return Requirements.run(ExternalCommand.of("ip", "-n", namespace).with(arguments.split(" ")));
        }

        /** Runs a command in this end's namespace. */
        public String exec(ExternalCommand command) {
            return Requirements.run(command.inNamespace(NetworkNamespace.named(namespace)));
        }
    }

    public VethPair() {
        this(1, 1500);
    }

    public VethPair(int queues, int mtu) {
        Requirements.root();
        Requirements.tool("ip");
        String name = "wxt" + ProcessHandle.current().pid() + "-" + COUNTER.incrementAndGet();
        a = new End(name + "a", "wa");
        b = new End(name + "b", "wb");
        for (End end : new End[]{a, b}) {
            NetworkNamespace.create(NetworkNamespace.named(end.namespace));
            end.call(() -> {
                Sysctl.write("net/ipv6/conf/default/disable_ipv6", "1");
                return null;
            });
        }
        String cut = " mtu " + mtu + " numrxqueues " + queues + " numtxqueues " + queues;
        a.ip("link add wa" + cut + " type veth peer name wb" + cut + " netns " + b.namespace);
        for (End end : new End[]{a, b}) {
            end.ip("link set " + end.device + " up");
            end.ifindex = end.call(() -> InterfaceNames.index(end.device));
        }
    }

    @Override
    public void close() {
        for (End end : new End[]{a, b}) {
            NetworkNamespace.delete(NetworkNamespace.named(end.namespace));
        }
    }
}
