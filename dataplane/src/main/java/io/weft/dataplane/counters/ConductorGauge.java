package io.weft.dataplane.counters;

/** Gauges of the conductor, one cell each. Only the conductor writes them. */
public enum ConductorGauge {
    /** {@code System.nanoTime} of the conductor's last pass (CLOCK_MONOTONIC, so it compares between processes). */
    HEARTBEAT("heartbeat"),
    /**
     * The incarnation and generation of the tables in use: by the workers, once they report an epoch as late, and by the uplink's filter,
     * which takes the packets to their frontends.
     */
    TABLES_INCARNATION("tables_incarnation"),
    APPLIED_GENERATION("applied_generation"),
    /** Entries in use in the flow table, two per connection. */
    FLOWS("flows"),
    FLOW_CAPACITY("flow_capacity"),
    FLOWS_EXPIRED("flows_expired"),
    FLOWS_ENDED("flows_ended"),
    /** Flows ended by a new connection with the same addresses and ports, or by one that needed their SNAT port. */
    FLOWS_REPLACED("flows_replaced"),
    SCANS("scans"),
    LAST_SCAN_NANOS("last_scan_nanos"),
    /** SNAT ports and ICMP identifiers that flows use, TCP, UDP and ICMP added up. */
    SNAT_PORTS_USED("snat_ports_used"),
    /** How often the ports of the node's listening and UDP sockets were read and kept out of masquerading, since the start. */
    SOCKET_SCANS("socket_scans"),
    UPLINK_IFINDEX("uplink_ifindex"),
    UPLINK_MTU("uplink_mtu"),
    /** Host-numeric IPv4. */
    UPLINK_IP("uplink_ip"),
    UPLINK_QUEUES("uplink_queues"),
    PORTS_OPENED("ports_opened"),
    PORTS_CLOSED("ports_closed"),
    NETLINK_OVERRUNS("netlink_overruns"),
    WORKERS("workers"),
    /** Exceptions that workers have survived; those that cost a frame are counted as {@link DropReason#INTERNAL_ERROR} too. */
    WORKER_EXCEPTIONS("worker_exceptions"),
    /** Length in bytes of the longest IPv4 packet that pods' ports carry; it exceeds a chunk only where the kernel supports multi-buffer frames. */
    LONGEST_PACKET("longest_packet"),
    /** Frontends of Services whose packets the uplink's XDP program takes, each address of the node counted. */
    UPLINK_FRONTENDS("uplink_frontends"),
    /** Frontends for which that program's map has no room: packets from outside do not reach them. */
    UPLINK_FRONTENDS_LEFT_OUT("uplink_frontends_left_out"),
    /** Clients with session affinity that were forgotten before their time, because the table was full. */
    AFFINITIES_EVICTED("affinities_evicted"),
    /**
     * Chunks of the workers' frame memory: all, those that are free, and those that devices hold. The last two are read once a second,
     * while the workers change them. The rest is in the graph; on an idle node nothing is, except frames that wait for a next hop or a fragment.
     */
    CHUNKS("chunks"),
    CHUNKS_FREE("chunks_free"),
    CHUNKS_HELD("chunks_held"),
    /** How many entries the map of {@link #UPLINK_FRONTENDS} has room for: one for each frontend, and one for each of their addresses. */
    UPLINK_FRONTENDS_MAX("uplink_frontends_max"),
    /** Garbage collections of the dataplane's process, each of which stops the workers, and the time that they took. */
    GC_COLLECTIONS("gc_collections"),
    GC_MILLIS("gc_millis"),
    /** Heap memory that all threads have allocated, and what the workers have: nothing after their start, unless something is thrown. */
    ALLOCATED_BYTES("allocated_bytes"),
    WORKER_ALLOCATED_BYTES("worker_allocated_bytes"),
    HEAP_USED_BYTES("heap_used_bytes"),
    /** Platform threads of the process. */
    THREADS("threads");

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
