package io.weft.controlplane.status;

import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.CounterReader;

/** What the dataplane reports about the frontends of Services that clients outside the cluster reach through the uplink. */
public final class UplinkFrontends {
    private UplinkFrontends() {
    }

    /** Whether all of them are served, in one line; empty if they are. */
    public static String problem(CounterReader counters) {
        long leftOut = counters.gauge(ConductorGauge.UPLINK_FRONTENDS_LEFT_OUT);
        return leftOut == 0
            ? ""
            : leftOut + " frontends of Services are not served to clients outside, "
                + counters.gauge(ConductorGauge.UPLINK_FRONTENDS)
                + " are: the uplink's XDP program has room for "
                + counters.gauge(ConductorGauge.UPLINK_FRONTENDS_MAX)
                + " entries, one for each frontend and one for each of their addresses";
    }
}
