package io.weft.dataplane.counters;

/** Figures of the conductor: one cell each, written by it alone. */
public enum ConductorGauge {
    /** {@code System.nanoTime} of its last pass (CLOCK_MONOTONIC: comparable between processes). */
    HEARTBEAT("heartbeat"),
    /** The incarnation and generation of the tables in use. */
    TABLES_INCARNATION("tables_incarnation"),
    APPLIED_GENERATION("applied_generation"),
    /** Lines in use in the flow table, two for a connection. */
    FLOWS("flows"),
    FLOW_CAPACITY("flow_capacity"),
    FLOWS_EXPIRED("flows_expired"),
    FLOWS_ENDED("flows_ended"),
    /** Ended by a new connection with the same addresses and ports, or one that needed its port. */
    FLOWS_REPLACED("flows_replaced"),
    SCANS("scans"),
    LAST_SCAN_NANOS("last_scan_nanos"),
    SNAT_PORTS_USED("snat_ports_used"),
    UPLINK_IFINDEX("uplink_ifindex"),
    UPLINK_MTU("uplink_mtu"),
    /** Host-numeric IPv4. */
    UPLINK_IP("uplink_ip"),
    UPLINK_QUEUES("uplink_queues"),
    PORTS_OPENED("ports_opened"),
    PORTS_CLOSED("ports_closed"),
    NETLINK_OVERRUNS("netlink_overruns"),
    WORKERS("workers"),
    /** Bytes of the longest IPv4 packet that pods' ports carry; more than a chunk holds only where the kernel carries chains. */
    LONGEST_PACKET("longest_packet");

    private static final ConductorGauge[] ALL = values();

    private final String label;

    ConductorGauge(String label) {
        this.label = label;
    }

    public String label() {
        return label;
    }

    public static int count() {
        return ALL.length;
    }
}
