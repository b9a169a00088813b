package io.weft.dataplane.counters;

import java.util.Locale;

/**
 * Every reason for which Weft drops a frame: the ordinal is its counter cell, the label its name in output. A dropped frame counts under
 * exactly one reason.
 *
 * <p>Only append between releases of one counter layout: readers print the labels found in the file, not these.
 */
public enum DropReason {
    // Ethernet, ARP
    /** The frame ends before a header does, or before the length that a header states. */
    TRUNCATED,
    /** More segments than the receiving or sending port supports, or a chain whose first segment does not hold the headers. */
    TOO_BIG,
    NOT_OUR_MAC, ETH_GROUP_DESTINATION, ETH_GROUP_SOURCE, ETH_LLC, ETH_PAUSE, ETH_UNKNOWN_TYPE,
    /** Any 802.1Q or 802.1ad tag, the priority tag included. */
    VLAN_FILTERED,
    /** IPv6 is not forwarded yet. */
    IP6_UNSUPPORTED, ARP_MALFORMED, ARP_SPOOF, ARP_NOT_REQUEST,
    /** A request for an address that Weft does not answer for. */
    ARP_UNKNOWN_TARGET, ARP_RATE_LIMITED,

    // IPv4
    IP4_BAD_VERSION, IP4_BAD_IHL,
    /** Total length smaller than the header; one larger than the frame is {@link #TRUNCATED}. */
    IP4_BAD_TOTAL_LENGTH, IP4_BAD_CHECKSUM,
    /** An option whose length exceeds the header. */
    IP4_OPTIONS, IP4_SOURCE_ROUTE, MARTIAN_SOURCE, MARTIAN_DESTINATION,
    /** The source does not belong to the port or tunnel endpoint that the packet came from, or equals the destination. */
    SPOOFED_SOURCE, TTL_EXPIRED,

    // Layer 4
    L4_TRUNCATED, L4_PORT_ZERO, TCP_BAD_OFFSET, TCP_BAD_FLAGS, UDP_BAD_LENGTH, UNSUPPORTED_PROTOCOL,

    // Fragments
    /** A first fragment without a whole L4 header, or one at offset 8 that would rewrite a TCP header (RFC 1858). */
    FRAG_TINY,
    /** Not the last fragment, and its length is not a multiple of eight bytes. */
    FRAG_BAD_LENGTH,
    /** Ends past 65,535 bytes. */
    FRAG_PAST_END,
    /** A later fragment whose first did not arrive in time. */
    FRAG_TIMEOUT,
    /** A later fragment before its first, when the maximum is held already: of its source, of its ingress, or in total. */
    FRAG_FULL,
    /** A packet too long for its egress, with too few free chunks to fragment it. */
    FRAG_NO_BUFFERS,
    /** A fragmented tunnel packet. */
    FRAG_OUTER,

    // ICMP
    ICMP_BAD_CHECKSUM, ICMP_UNSUPPORTED, ICMP_REDIRECT, ICMP_BAD_QUOTE, ICMP_NO_FLOW,

    // Tunnel
    VXLAN_NO_I_FLAG, VXLAN_UNKNOWN_VNI, VXLAN_UNKNOWN_PEER,
    /** The inner frame is not IPv4. */
    VXLAN_INNER_TYPE, TUNNEL_ECN, ENCAP_FROM_POD, NO_TUNNEL_TO_TUNNEL,

    // Forwarding
    /** From outside: at the uplink, or through {@code weft-host} from the node's kernel, which routes what the uplink's XDP program passes to it. */
    NO_DIRECT_POD_ACCESS, CLUSTERIP_FROM_OUTSIDE,
    /** TCP other than SYN, to a Service, without a flow. */
    NO_FLOW,
    /** The flow expects another ingress: its pod's address was reused. The conductor ends it when it revalidates the flows. */
    FLOW_MOVED, CT_FULL,
    /** Another flow has the key of the reply direction. */
    REVERSE_TAKEN, SERVICE_NO_ENDPOINTS, SERVICE_NO_PORT, SERVICE_UNKNOWN_ADDRESS,
    /** To the pods' gateway, and not an echo request. */
    GATEWAY_NO_SERVICE, NO_SUCH_POD, SNAT_NO_PORT, NO_ROUTE, NEIGHBOUR_UNRESOLVED, MTU_EXCEEDED, NO_HEADROOM,

    // Ends
    /** No tables have been published yet. */
    NOT_READY,
    /** The egress port is gone or not open on this worker. */
    NO_PORT, TX_RING_FULL,
    /** A node threw an exception while it processed this frame. */
    INTERNAL_ERROR,

    // Forwarding, by routes of the node's kernel
    /** The route leads through a device other than the uplink. */
    ROUTE_OTHER_DEVICE, ROUTE_BLACKHOLE, ROUTE_PROHIBITED,

    // Services
    /** From a client outside the loadBalancerSourceRanges. */
    SERVICE_SOURCE_RANGE,
    /** The traffic policy is Local, and all endpoints are on other nodes. */
    SERVICE_NO_LOCAL_ENDPOINT,
    /** No source port is free for another flow from the node's address to the backend. */
    SERVICE_NO_SOURCE_PORT,
    /** From the underlay to a Service: the next hop of the reply is not known, and too many others are being resolved. */
    REPLY_NEIGHBOUR_LIMIT,
    /** A new flow to a Service that an operator has paused. */
    SERVICE_PAUSED;

    private static final DropReason[] ALL = values();

    private final String label = name().toLowerCase(Locale.ROOT);

    /** Lower case with underscores: {@code ttl_expired}. */
    public String label() {
        return label;
    }

    /** The number of reasons. */
    public static int count() {
        return ALL.length;
    }

    /** The reason with this ordinal; no allocation. */
    public static DropReason of(int ordinal) {
        return ALL[ordinal];
    }
}
