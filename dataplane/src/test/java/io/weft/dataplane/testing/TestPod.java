package io.weft.dataplane.testing;

import io.weft.dataplane.table.PortSpec;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.Ipv4Address;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.process.ExternalCommand;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A pod's namespace and veth, created as the control plane's CNI plugin does. */
public final class TestPod {
    public final Path namespace;
    public final int ip;
    public final int portId;
    private final TestNode node;
    private final int queues;
    private long attachments;

    TestPod(TestNode node, Path namespace, int host, int portId, int queues) {
        this.node = node;
        this.namespace = namespace;
        this.portId = portId;
        this.queues = queues;
        ip = node.local.podCidr().base().toInt() + host;
    }

    public String device() {
        return "weftdpt" + portId;
    }

    /** Creates the veth and lists the port. */
    public void attach(TestNetwork network) {
        network.attachPod(node.namespace, device(), namespace, ip, node.local.gateway().toInt(), queues);
        NetworkNamespace.run(node.namespace, () -> Sysctl.write("net/ipv4/conf/" + device() + "/forwarding", "0"));
        list();
    }

    /** Lists the port in the tables under a new attachment. */
    public void list() {
        attachments++;
        node.tables.putPort(spec());
        node.tables.commit();
    }

    public PortSpec spec() {
        return new PortSpec(portId, attachments, device(), IpAddress.ipv4(ip), TestNetwork.macOf(namespace, "eth0"),
            node.local.podMtu());
    }

    public void unlist() {
        node.tables.removePort(portId);
        node.tables.commit();
    }

    public void deleteVeth() {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(node.namespace)) {
            rtnetlink.deleteLink(device());
        }
    }

    /** Sends ICMP echo requests from the pod to an address. */
    public ExternalCommand.Output ping(int destination, int count) throws Exception {
        return TestNetwork.run(namespace, "ping", "-c", Integer.toString(count), "-i", "0.2", "-W", "2",
            Ipv4Address.format(destination));
    }

    /** Sends a datagram to another pod, which answers it; returns the address the other one saw, or empty text after {@code tries}. */
    public static String askOverUdp(Path from, Path to, int toIp, int tries) throws Exception {
        try (
            DatagramSocket server = NetworkNamespace.call(to,
                () -> new DatagramSocket(new InetSocketAddress(address(toIp), 0)));
            DatagramSocket client = NetworkNamespace.call(from, () -> new DatagramSocket())) {
            server.setSoTimeout(1000);
            client.setSoTimeout(1000);
            for (int i = 0; i < tries; i++) {
                client.send(
                    new DatagramPacket(new byte[]{42}, 1, new InetSocketAddress(address(toIp), server.getLocalPort())));
                String seen = answer(server, client);
                if (!seen.isEmpty()) { return seen; }
            }
            return "";
        }
    }

    private static String answer(DatagramSocket server, DatagramSocket client) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[16], 16);
        try {
            server.receive(packet);
            String seen = packet.getAddress().getHostAddress();
            server.send(packet);
            client.receive(packet);
            return seen;
        } catch (SocketTimeoutException lost) {
            return "";
        }
    }

    public static InetAddress address(int ip) throws IOException {
        return InetAddress.getByName(Ipv4Address.format(ip));
    }

    /** Checksum errors that a namespace's TCP and UDP have counted. */
    public static long checksumErrors(Path namespace) throws IOException {
        String snmp = NetworkNamespace.call(namespace, () -> Files.readString(Path.of("/proc/thread-self/net/snmp")));
        return column(snmp, "Tcp:", "InCsumErrors") + column(snmp, "Udp:", "InCsumErrors");
    }

    private static long column(String snmp, String row, String name) {
        List<String> rows = snmp.lines().filter(line -> line.startsWith(row)).toList();
        return Long.parseLong(rows.get(1).split(" ")[List.of(rows.get(0).split(" ")).indexOf(name)]);
    }
}
