package io.weft.vmlab.lab;

import io.weft.encap.address.IpAddress;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The parts of a lab, and every name and address in it; this class does not touch the machine.
 *
 * @param name prefix of every network namespace, 1 to 8 letters, digits
 * @param weftNodes nodes {@code n1}… run by Weft, 1 to 8
 * @param kernelPeer whether there is a node {@code k1}: Linux set up as flannel's VXLAN back end does
 * @param workers dataplane workers (and queues) per Weft node, 1 to 8
 * @param settings more of the Weft nodes' configuration, by dotted key
 */
public record LabPlan(String name, int weftNodes, boolean kernelPeer, int workers, Map<String, String> settings) {
    public static final String DEFAULT_NAME = "weft";
    public static final String CLUSTER_CIDR = "10.244.0.0/16";
    public static final String SERVICE_CIDR = "10.96.0.0/16";
    public static final String UPLINK = "uplink0";
    public static final int UNDERLAY_PREFIX_LENGTH = 24;
    public static final int UNDERLAY_MTU = 1500;
    public static final int POD_MTU = 1450;
    private static final int KERNEL_NODE_NUMBER = 21;
    private static final int OUTSIDE_HOST_NUMBER = 100;
    private static final Path ROOT = Path.of("/run/weft-lab");
    private static final Path STORAGE = Path.of("/var/lib/weft-lab");
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9]{0,7}");

    public LabPlan {
        settings = settings == null ? Map.of() : Map.copyOf(settings); // a file of an older lab has none
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                "lab name '" + name + "': must be 1 to 8 lower-case letters or digits, starting with a letter");
        }
        if (weftNodes < 1 || weftNodes > 8) {
            throw new IllegalArgumentException("nodes " + weftNodes + ": must be 1 to 8");
        }
        if (workers < 1 || workers > 8) {
            throw new IllegalArgumentException("workers " + workers + ": must be 1 to 8");
        }
    }

    /** With the default configuration. */
    public LabPlan(String name, int weftNodes, boolean kernelPeer, int workers) {
        this(name, weftNodes, kernelPeer, workers, Map.of());
    }

    /** Two Weft nodes and a kernel peer, one worker each. */
    public static LabPlan standard() {
        return new LabPlan(DEFAULT_NAME, 2, true, 1);
    }

    /**
     * One machine on the underlay.
     *
     * @param number last byte of its underlay address and third byte of its pod CIDR
     */
    public record Host(String lab, String name, int number) {
        public String namespace() {
            return lab + "-" + name;
        }

        /** The address on the underlay, 192.0.2.0/24. */
        public InetAddress address() {
            return ip("192.0.2." + number);
        }

        public String podCidr() {
            return "10.244." + number + ".0/24";
        }

        /** The pod CIDR's first address: the node's own address towards remote pods. */
        public InetAddress podCidrBase() {
            return ip("10.244." + number + ".0");
        }

        public InetAddress podGateway() {
            return ip("10.244." + number + ".1");
        }
    }

    /** The Weft nodes, {@code n1} first. */
    public List<Host> weftHosts() {
        List<Host> hosts = new ArrayList<>();
        for (int i = 1; i <= weftNodes; i++) {
            hosts.add(new Host(name, "n" + i, i));
        }
        return hosts;
    }

    public Host kernelHost() {
        return new Host(name, "k1", KERNEL_NODE_NUMBER);
    }

    public Host outsideHost() {
        return new Host(name, "out", OUTSIDE_HOST_NUMBER);
    }

    /** The namespace that holds only the underlay's bridge. */
    public String underlayNamespace() {
        return name + "-underlay";
    }

    /** Run files, configuration and logs of this lab. */
    public Path directory() {
        return ROOT.resolve(name);
    }

    /** What may be too large for {@link #directory}, which may be in memory. */
    public Path storage() {
        return STORAGE.resolve(name);
    }

    public Path manifests() {
        return directory().resolve("manifests");
    }

    /** As rtnetlink's calls take it. */
    public static int number(InetAddress address) {
        return IpAddress.ofBytes(address.getAddress()).toInt();
    }

    public static InetAddress ip(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("not an address: " + literal, e);
        }
    }
}
