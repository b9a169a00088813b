package io.weft.nativebindings.netlink;

import static io.weft.nativebindings.netlink.NetlinkAbi.*;
import static io.weft.nativebindings.netlink.RtnetlinkAbi.*;

import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Links, addresses, routes, rules and neighbours of one network namespace, through rtnetlink(7). The namespace is that of the thread that
 * opened it; afterwards any thread may call, one request at a time. Cold code.
 *
 * <p>IPv4 addresses are ints (10.0.0.1 is 0x0A000001), hardware addresses are longs of 48 bits; IPv6 objects are skipped. Methods that
 * delete return whether there was something to delete. Every other error is a {@link LinuxException} of one line.
 */
public final class Rtnetlink implements AutoCloseable {
    private final NetlinkSocket socket;

    private Rtnetlink(NetlinkSocket socket) {
        this.socket = socket;
    }

    /** Opens one in the calling thread's network namespace. */
    public static Rtnetlink open() {
        return new Rtnetlink(NetlinkSocket.open(NETLINK_ROUTE, 0));
    }

    /** Opens one in another network namespace; the calling thread stays in its own. */
    public static Rtnetlink openIn(Path namespace) {
        return NetworkNamespace.call(namespace, Rtnetlink::open);
    }

    @Override
    public void close() {
        socket.close();
    }

    // Links

    public List<Link> links() {
        return socket.dump("list links", LinkRequests.dump(), LinkDecoder::accepts, LinkDecoder::decode);
    }

    public Optional<Link> link(String name) {
        return link("read link " + name, LinkRequests.get(name));
    }

    public Optional<Link> link(int ifindex) {
        return link("read link with ifindex " + ifindex, LinkRequests.get(ifindex));
    }

    /** A veth's other end, in any namespace; empty if there is none or it is gone. */
    public Optional<Link> peer(Link link) {
        if (link.peerIndex() <= 0) { return Optional.empty(); }
        return link.peerNamespaceId() < 0
            ? link(link.peerIndex())
            : link("read the peer of link " + link.name(),
                LinkRequests.getIn(link.peerNamespaceId(), link.peerIndex()));
    }

    /** Creates both ends, down; returns the near one. The peer's index is its {@link Link#peerIndex}. */
    public Link createVeth(VethSpec spec) {
        String operation = "create veth " + spec.name() + " with peer " + spec.peerName();
        return create(operation, spec.name(), LinkRequests.createVeth(spec));
    }

    public Link createBridge(String name) {
        return create("create bridge " + name, name, LinkRequests.createBridge(name));
    }

    public Link createVxlan(VxlanSpec spec) {
        String operation = "create vxlan " + spec.name() + " with VNI " + spec.vni() + " and port " + spec.port();
        return create(operation, spec.name(), LinkRequests.createVxlan(spec));
    }

    /** Deletes a link, and with a veth its peer. False if there is no such link. */
    public boolean deleteLink(int ifindex) {
        return delete("delete link with ifindex " + ifindex, LinkRequests.delete(ifindex), Errno.ENODEV);
    }

    /** Like {@link #deleteLink(int)}. */
    public boolean deleteLink(String name) {
        return delete("delete link " + name, LinkRequests.delete(name), Errno.ENODEV);
    }

    public void setUp(int ifindex) {
        socket.execute("set ifindex " + ifindex + " up", LinkRequests.setUp(ifindex, true));
    }

    public void setDown(int ifindex) {
        socket.execute("set ifindex " + ifindex + " down", LinkRequests.setUp(ifindex, false));
    }

    public void setMtu(int ifindex, int bytes) {
        socket.execute("set MTU of ifindex " + ifindex + " to " + bytes,
            LinkRequests.set(ifindex).u32(IFLA_MTU, bytes));
    }

    public void setAddress(int ifindex, long mac) {
        String operation = "set address of ifindex " + ifindex + " to " + AddressText.mac(mac);
        socket.execute(operation, LinkRequests.set(ifindex).mac(IFLA_ADDRESS, mac));
    }

    /** @param master index of a bridge or bond, 0 to remove the link from its current one */
    public void setMaster(int ifindex, int master) {
        String operation = "set master of ifindex " + ifindex + " to ifindex " + master;
        socket.execute(operation, LinkRequests.set(ifindex).u32(IFLA_MASTER, master));
    }

    /** @param alias of at most {@link Link#IFALIASZ} - 2 bytes; {@code ip link} shows it */
    public void setAlias(int ifindex, String alias) {
        socket.execute("set alias of ifindex " + ifindex, LinkRequests.set(ifindex).string(IFLA_IFALIAS, alias));
    }

    /** The link must be down. */
    public void rename(int ifindex, String name) {
        socket.execute("rename ifindex " + ifindex + " to " + name,
            LinkRequests.set(ifindex).string(IFLA_IFNAME, name));
    }

    /** Moves a link, which loses its addresses and goes down. Its index may change. */
    public void moveToNamespace(int ifindex, NetworkNamespace namespace) {
        String operation = "move ifindex " + ifindex + " to " + namespace;
        socket.execute(operation, LinkRequests.set(ifindex).u32(IFLA_NET_NS_FD, namespace.fd()));
    }

    /** Like {@link #moveToNamespace(int, NetworkNamespace)}, and renames it in the same step. */
    public void moveToNamespace(int ifindex, NetworkNamespace namespace, String name) {
        String operation = "move ifindex " + ifindex + " to " + namespace + " as " + name;
        NetlinkRequest request = LinkRequests.set(ifindex);
        socket.execute(operation, request.u32(IFLA_NET_NS_FD, namespace.fd()).string(IFLA_IFNAME, name));
    }

    // Addresses

    public List<Address> addresses() {
        return addresses(0);
    }

    /** @param ifindex 0 for all devices */
    public List<Address> addresses(int ifindex) {
        return socket.dump(
            "list addresses", AddressRequests.dump(ifindex), AddressDecoder::accepts, AddressDecoder::decode);
    }

    /** Addresses of a veth's other end, in any namespace. */
    public List<Address> peerAddresses(Link link) {
        if (link.peerIndex() <= 0) { return List.of(); }
        return link.peerNamespaceId() < 0
            ? addresses(link.peerIndex())
            : socket.dump("list addresses of the peer of link " + link.name(),
                AddressRequests.dumpIn(link.peerNamespaceId(), link.peerIndex()), AddressDecoder::accepts,
                AddressDecoder::decode);
    }

    /** @param scope RT_SCOPE_ value of {@link Route} */
    public void addAddress(int ifindex, int ip, int prefixLength, int scope) {
        addAddress(NLM_F_CREATE | NLM_F_EXCL, ifindex, ip, prefixLength, scope);
    }

    /** Like {@link #addAddress}, but succeeds if the device has the address already. */
    public void replaceAddress(int ifindex, int ip, int prefixLength, int scope) {
        addAddress(NLM_F_CREATE | NLM_F_REPLACE, ifindex, ip, prefixLength, scope);
    }

    public boolean deleteAddress(int ifindex, int ip, int prefixLength) {
        String operation = "delete address " + AddressText.prefix(ip, prefixLength) + " from ifindex " + ifindex;
        return delete(operation, AddressRequests.delete(ifindex, ip, prefixLength), Errno.EADDRNOTAVAIL);
    }

    // Routes

    /** @param table RT_TABLE_ number of {@link Route}, 0 for all; a table that does not exist is empty */
    public List<Route> routes(int table) {
        try {
            return socket.dump("list routes", RouteRequests.dump(table), RouteDecoder::isConfigured,
                RouteDecoder::decode);
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENOENT) { return List.of(); }
            throw e;
        }
    }

    /** Adds a route; fails with EEXIST if there is one with the same table, prefix and metric. */
    public void addRoute(Route route) {
        socket.execute("add route to " + describe(route), RouteRequests.add(route));
    }

    /** Adds a route, or replaces the one with the same table, prefix and metric. */
    public void replaceRoute(Route route) {
        socket.execute("replace route to " + describe(route), RouteRequests.replace(route));
    }

    /** Deletes the first route with this table, prefix, metric, type, protocol and, if given, next hops. */
    public boolean deleteRoute(Route route) {
        return delete("delete route to " + describe(route), RouteRequests.delete(route), Errno.ESRCH);
    }

    /** The kernel's decision for a packet of its own to this address; its prefix length is 32. Empty: unreachable. */
    public Optional<Route> lookup(int ip) {
        try {
            String operation = "look up route to " + AddressText.ipv4(ip);
            return socket.query(operation, RouteRequests.lookup(ip), RouteDecoder::accepts, RouteDecoder::decode);
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENETUNREACH || e.errno() == Errno.EHOSTUNREACH) { return Optional.empty(); }
            throw e;
        }
    }

    // Rules, which choose a packet's route table

    public List<Rule> rules() {
        return socket.dump("list rules", RuleRequests.dump(), RuleDecoder::accepts, RuleDecoder::decode);
    }

    /** Adds a rule; fails with EEXIST if there is an identical one. */
    public void addRule(Rule rule) {
        socket.execute("add " + rule, RuleRequests.add(rule));
    }

    public boolean deleteRule(Rule rule) {
        return delete("delete " + rule, RuleRequests.delete(rule), Errno.ENOENT);
    }

    // Neighbours

    public List<Neighbour> neighbours() {
        return neighbours(0);
    }

    /** @param ifindex 0 for all devices */
    public List<Neighbour> neighbours(int ifindex) {
        return socket.dump(
            "list neighbours",
            NeighbourRequests.dump(ifindex),
            NeighbourDecoder::acceptsNeighbour,
            NeighbourDecoder::decodeNeighbour);
    }

    /** Adds or replaces a permanent entry. */
    public void replaceNeighbour(int ifindex, int ip, long mac) {
        String operation = "replace neighbour " + AddressText.ipv4(ip) + " on ifindex " + ifindex;
        socket.execute(operation, NeighbourRequests.replacePermanent(ifindex, ip, mac));
    }

    /** Adds or replaces an entry as if the neighbour had just answered: it ages, and the kernel then probes it. */
    public void learnNeighbour(int ifindex, int ip, long mac) {
        String operation = "learn neighbour " + AddressText.ipv4(ip) + " on ifindex " + ifindex;
        socket.execute(operation, NeighbourRequests.replaceReachable(ifindex, ip, mac));
    }

    /**
     * Makes the kernel resolve a neighbour and keep it resolved, although the kernel sends no packets to it (NTF_EXT_MANAGED, since Linux
     * 5.16).
     */
    public void manageNeighbour(int ifindex, int ip) {
        String operation = "manage neighbour " + AddressText.ipv4(ip) + " on ifindex " + ifindex;
        socket.execute(operation, NeighbourRequests.replaceManaged(ifindex, ip));
    }

    public boolean deleteNeighbour(int ifindex, int ip) {
        String operation = "delete neighbour " + AddressText.ipv4(ip) + " from ifindex " + ifindex;
        return delete(operation, NeighbourRequests.delete(ifindex, ip), Errno.ENOENT);
    }

    // Forwarding database of a vxlan device

    public List<FdbEntry> fdb(int ifindex) {
        return socket.dump(
            "list forwarding database of ifindex " + ifindex,
            NeighbourRequests.dumpFdb(ifindex),
            NeighbourDecoder::acceptsFdb,
            NeighbourDecoder::decodeFdb);
    }

    /** Makes a vxlan device send frames for a hardware address to a tunnel endpoint. */
    public void replaceFdb(int ifindex, long mac, int remote) {
        String operation = "replace forwarding of " + AddressText.mac(mac) + " on ifindex " + ifindex;
        socket.execute(operation, NeighbourRequests.replaceFdb(ifindex, mac, remote));
    }

    public boolean deleteFdb(int ifindex, long mac, int remote) {
        String operation = "delete forwarding of " + AddressText.mac(mac) + " from ifindex " + ifindex;
        return delete(operation, NeighbourRequests.deleteFdb(ifindex, mac, remote), Errno.ENOENT);
    }

    private Optional<Link> link(String operation, NetlinkRequest request) {
        try {
            return socket.query(operation, request, LinkDecoder::accepts, LinkDecoder::decode);
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENODEV) { return Optional.empty(); }
            throw e;
        }
    }

    private Link create(String operation, String name, NetlinkRequest request) {
        socket.execute(operation, request);
        return link(name).orElseThrow(() -> new LinuxException(operation, Errno.ENODEV, "It was deleted meanwhile"));
    }

    private void addAddress(int flags, int ifindex, int ip, int prefixLength, int scope) {
        String operation = "add address " + AddressText.prefix(ip, prefixLength) + " to ifindex " + ifindex;
        socket.execute(operation, AddressRequests.add(flags, ifindex, ip, prefixLength, scope));
    }

    private boolean delete(String operation, NetlinkRequest request, int absent) {
        try {
            socket.execute(operation, request);
            return true;
        } catch (LinuxException e) {
            if (e.errno() == absent || e.errno() == Errno.ENODEV) { return false; }
            throw e;
        }
    }

    private static String describe(Route route) {
        String via = route.gateway() == 0 ? "" : " via " + AddressText.ipv4(route.gateway());
        String device = route.ifindex() == 0 ? "" : " on ifindex " + route.ifindex();
        return AddressText.prefix(route.destination(), route.prefixLength()) + via + device;
    }
}
