package io.weft.controlplane.view;

import java.util.Locale;

/** The tables of a node that {@code weft show} prints and the REST API serves, with the same columns and values. */
public enum View {
    PORTS, PODS, SERVICES, BACKENDS, ROUTES, NEIGHBOURS, TUNNELS, FLOWS, COUNTERS, DROPS, ANNOTATIONS;

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
            case BACKENDS -> ServiceViews.backends(files.requireTables());
            case ROUTES -> NodeTables.routes(files.requireTables());
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
