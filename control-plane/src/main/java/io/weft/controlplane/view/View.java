package io.weft.controlplane.view;

import java.util.Locale;
import java.util.Set;

/** The tables of a node that {@code weft show} prints and the REST API serves, with the same columns and values. */
public enum View {
    PORTS("port name state mode queues address mac pod rxFrames txFrames drops missed reason", "mac queues"),
    PODS("name address mac port device mtu state mode reason", "mac mtu mode"),
    SERVICES("address port protocol kind name policy affinitySeconds balancing sourceRanges backends local operator",
        ""),
    BACKENDS("service address port protocol kind backend backendPort local use operator pod", "pod"),
    ROUTES("prefix kind target operator", ""),
    NEIGHBOURS("slot kind address nextHop mac state name", ""),
    TUNNELS("node endpoint vtepMac podCidr runs nextHop state", "vtepMac"),
    FLOWS(
        "protocol source destination newSource newDestination direction state idle packets bytes fromPod toPod service",
        "bytes"),
    COUNTERS("kind name value", ""),
    DROPS("reason frames from", ""),
    ANNOTATIONS("annotation value", "");

    private final String columns;
    private final String wideColumns;

    /** @param columns names, separated by blanks; likewise those that a narrow table leaves out */
    View(String columns, String wideColumns) {
        this.columns = columns;
        this.wideColumns = wideColumns;
    }

    /** With the columns of the view, and no rows yet. */
    public Table newTable() {
        return new Table(columns.split(" "));
    }

    /** Columns that a narrow table leaves out. */
    public Set<String> wideColumns() {
        return Set.of(wideColumns.split(" "));
    }

    /** Whether rows with the value 0 are left out unless all are wanted. */
    public boolean omitsZeros() {
        return this == COUNTERS || this == DROPS;
    }

    /**
     * The table as it is now. Any thread.
     *
     * @param all also rows with the value 0, where {@link #omitsZeros}
     * @throws UnavailableException one line, if a file that it needs is missing
     */
    public Table read(NodeFiles files, boolean all) {
        return switch (this) {
            case PORTS -> PortTables.ports(files);
            case PODS -> PortTables.pods(files);
            case SERVICES -> ServiceViews.services(files.requireTables());
            case BACKENDS -> ServiceViews.backends(files.requireTables(), files.podNames());
            case ROUTES -> NodeTables.routes(files.requireTables(), files.podNames());
            case NEIGHBOURS -> NodeTables.neighbours(files.requireCounters());
            case TUNNELS -> NodeTables.tunnels(files);
            case FLOWS -> FlowViews.flows(files);
            case COUNTERS -> CounterTables.counters(files.requireCounters(), all);
            case DROPS -> CounterTables.drops(files, all);
            case ANNOTATIONS -> NodeTables.annotations(files);
        };
    }

    /** Name on the command line and in paths. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
