package io.weft.controlplane.node;

import io.weft.controlplane.status.DataplaneView;
import io.weft.controlplane.status.UplinkFrontends;
import io.weft.dataplane.counters.ConductorText;

/**
 * The dataplane, as far as the Node and its Events report it.
 *
 * @param forwarding its workers use tables of this control plane
 * @param pid of the last dataplane; 0 if there was none
 * @param uplinkReason why the uplink does not run in a better XDP mode; empty if it could not be better
 * @param frontends why clients outside do not reach all Services; empty if they do
 */
record DataplaneState(boolean alive, boolean forwarding, long pid, String uplink, String uplinkMode,
    String uplinkReason, String frontends) {
    private static final DataplaneState NONE = new DataplaneState(false, false, 0, "", "", "", "");
    private static final int FIRST_GENERATION = 1;

    /** @param incarnation of this control plane's tables */
    static DataplaneState read(DataplaneView view, long incarnation) {
        boolean alive = view.isAlive();
        boolean forwarding = view.uses(incarnation, FIRST_GENERATION);
        return view.read(counters -> new DataplaneState(alive, forwarding, counters.pid(),
            counters.text(ConductorText.UPLINK_NAME), counters.text(ConductorText.UPLINK_MODE),
            counters.text(ConductorText.UPLINK_REASON), UplinkFrontends.problem(counters))).orElse(NONE);
    }
}
