package io.weft.dataplane.counters;

/** The nodes of the graph, in the order in which they run. The ordinal is the counter cell, the name is shown with the counters. */
public enum GraphNodeId {
    PORT_RX("port-rx"),
    ETHERNET_INPUT("ethernet-input"),
    ARP_INPUT("arp-input"),
    VXLAN4_DECAP("vxlan4-decap"),
    IP4_INPUT("ip4-input"),
    ICMP4_ERROR_INPUT("icmp4-error-input"),
    FLOW_LOOKUP("flow-lookup"),
    FLOW_CREATE("flow-create"),
    NEIGHBOUR_HOLD("neighbour-hold"),
    ICMP4_ECHO("icmp4-echo"),
    FLOW_REWRITE("flow-rewrite"),
    REJECT("reject"),
    IP4_SV_REASSEMBLY("ip4-sv-reassembly"),
    FRAGMENT_HOLD("fragment-hold"),
    IP4_FRAG("ip4-frag"),
    LOCAL_REWRITE("local-rewrite"),
    VXLAN4_ENCAP("vxlan4-encap"),
    UNDERLAY_REWRITE("underlay-rewrite"),
    PUNT("punt"),
    PORT_TX("port-tx"),
    DROP("drop");

    private static final GraphNodeId[] ALL = values();

    private final String label;

    GraphNodeId(String label) {
        this.label = label;
    }

    public String label() {
        return label;
    }

    public static int count() {
        return ALL.length;
    }
}
