package io.weft.nativebindings.netlink;

import static io.weft.nativebindings.netlink.RtnetlinkAbi.*;

import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.LinuxSocket;
import java.nio.file.Path;

/**
 * Follows changes of one network namespace's links, addresses, routes, rules and neighbours (rtnetlink(7) multicast groups). The namespace is that
 * of the thread that opened it. One thread at a time; allocates what it passes to the listener.
 *
 * <p>To miss nothing, open the monitor, then read everything with {@link Rtnetlink}, then drain repeatedly. What the kernel does not report
 * must be read again: everything, after {@link Listener#overrun}; IPv4 routes, after a link went down or disappeared or an address was
 * removed, because their routes are dropped silently. The kernel does not report an XDP program attached by bpf_link either.
 */
public final class RtnetlinkMonitor implements AutoCloseable {
    private static final int RECEIVE_BUFFER_BYTES = 4 << 20; // of kernel memory, used only while changes wait here
    private static final int DATAGRAMS_A_DRAIN = 1024;

    private final NetlinkSocket socket;

    private RtnetlinkMonitor(NetlinkSocket socket) {
        this.socket = socket;
    }

    /** What to follow. */
    public enum Group {
        LINK(RTMGRP_LINK),
        ADDRESS(RTMGRP_IPV4_IFADDR),
        ROUTE(RTMGRP_IPV4_ROUTE),
        RULE(RTMGRP_IPV4_RULE),
        NEIGHBOUR(RTMGRP_NEIGH);

        private final int mask;

        Group(int mask) {
            this.mask = mask;
        }
    }

    /** Called by {@link #drain} in the order of the changes. */
    public interface Listener {
        /** A link is new, or an attribute changed: flags, carrier, name, MTU, master. */
        default void linkChanged(Link link) {}

        /** A link was deleted or has moved to another namespace. */
        default void linkRemoved(Link link) {}

        default void addressAdded(Address address) {}

        default void addressRemoved(Address address) {}

        /** A route is new, or has replaced the one of the same table, prefix and metric. */
        default void routeChanged(Route route) {}

        default void routeRemoved(Route route) {}

        default void ruleAdded(Rule rule) {}

        default void ruleRemoved(Rule rule) {}

        default void neighbourChanged(Neighbour neighbour) {}

        default void neighbourRemoved(Neighbour neighbour) {}

        /** Changes came faster than they were drained, and some are lost: read everything again. */
        void overrun();
    }

    /** Opens one in the calling thread's network namespace. */
    public static RtnetlinkMonitor open(Group... groups) {
        return open(RECEIVE_BUFFER_BYTES, groups);
    }

    /** Opens one in another network namespace; the calling thread stays in its own. */
    public static RtnetlinkMonitor openIn(Path namespace, Group... groups) {
        return NetworkNamespace.call(namespace, () -> open(groups));
    }

    static RtnetlinkMonitor open(int receiveBufferBytes, Group... groups) {
        int mask = 0;
        for (Group group : groups) {
            mask |= group.mask;
        }
        NetlinkSocket socket = NetlinkSocket.open(NetlinkAbi.NETLINK_ROUTE, mask);
        socket.setReceiveBuffer(receiveBufferBytes);
        return new RtnetlinkMonitor(socket);
    }

    /** The descriptor, readable for poll(2) if there is something to drain. */
    public int fd() {
        return socket.fd();
    }

    /**
     * Passes the waiting changes to the listener; never waits. Returns early if very many are waiting, so that it does not hold up its
     * caller.
     *
     * @return how many kernel messages it read, including those that the listener is not told of; 0 if none was waiting
     */
    public int drain(Listener listener) {
        for (int taken = 0; taken < DATAGRAMS_A_DRAIN; taken++) {
            int received = socket.receive(LinuxSocket.MSG_DONTWAIT);
            if (received == -Errno.EAGAIN) { return taken; }
            if (received == -Errno.ENOBUFS) {
                listener.overrun();
            } else {
                LinuxException.check("receive network changes", received);
                deliver(socket.message(), listener);
            }
        }
        return DATAGRAMS_A_DRAIN;
    }

    @Override
    public void close() {
        socket.close();
    }

    private static void deliver(NetlinkMessage message, Listener listener) {
        while (message.next()) {
            switch (message.type()) {
                case RTM_NEWLINK, RTM_DELLINK -> deliverLink(message, listener);
                case RTM_NEWADDR, RTM_DELADDR -> deliverAddress(message, listener);
                case RTM_NEWROUTE, RTM_DELROUTE -> deliverRoute(message, listener);
                case RTM_NEWRULE, RTM_DELRULE -> deliverRule(message, listener);
                case RTM_NEWNEIGH, RTM_DELNEIGH -> deliverNeighbour(message, listener);
                default -> {}
            }
        }
    }

    private static void deliverLink(NetlinkMessage message, Listener listener) {
        if (!LinkDecoder.accepts(message)) { return; }
        Link link = LinkDecoder.decode(message);
        if (message.type() == RTM_NEWLINK) {
            listener.linkChanged(link);
        } else {
            listener.linkRemoved(link);
        }
    }

    private static void deliverAddress(NetlinkMessage message, Listener listener) {
        if (!AddressDecoder.accepts(message)) { return; }
        Address address = AddressDecoder.decode(message);
        if (message.type() == RTM_NEWADDR) {
            listener.addressAdded(address);
        } else {
            listener.addressRemoved(address);
        }
    }

    private static void deliverRoute(NetlinkMessage message, Listener listener) {
        if (!RouteDecoder.isConfigured(message)) { return; }
        Route route = RouteDecoder.decode(message);
        if (message.type() == RTM_NEWROUTE) {
            listener.routeChanged(route);
        } else {
            listener.routeRemoved(route);
        }
    }

    private static void deliverRule(NetlinkMessage message, Listener listener) {
        if (!RuleDecoder.accepts(message)) { return; }
        Rule rule = RuleDecoder.decode(message);
        if (message.type() == RTM_NEWRULE) {
            listener.ruleAdded(rule);
        } else {
            listener.ruleRemoved(rule);
        }
    }

    private static void deliverNeighbour(NetlinkMessage message, Listener listener) {
        if (!NeighbourDecoder.acceptsNeighbour(message)) { return; }
        Neighbour neighbour = NeighbourDecoder.decodeNeighbour(message);
        if (message.type() == RTM_NEWNEIGH) {
            listener.neighbourChanged(neighbour);
        } else {
            listener.neighbourRemoved(neighbour);
        }
    }
}
