package io.weft.controlplane.node;

import io.weft.controlplane.compiler.OwnNode;
import io.weft.controlplane.source.SourceStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Derives from the state of the node what an operator should know. One thread. */
final class NodeFindings {
    /** A source that is away for less is nobody's concern: everything is forwarded meanwhile. */
    private static final Duration STALE = Duration.ofMinutes(1);
    /** A restart takes less. */
    private static final Duration DOWN = Duration.ofSeconds(15);

    private boolean wasForwarding;
    private long lastPid;
    private long reportedModePid;
    private Instant aliveAt;

    /** @param start of this control plane */
    NodeFindings(Instant start) {
        this.aliveAt = start;
    }

    /** What holds at this moment. */
    List<Finding> lasting(OwnNode own, SourceStatus source, DataplaneState dataplane, Instant now) {
        List<Finding> all = new ArrayList<>();
        aliveAt = dataplane.alive() ? now : aliveAt;
        if (aliveAt.plus(DOWN).isBefore(now)) {
            all.add(new Finding(EventReason.DATAPLANE_DOWN, "the dataplane is down: pods of this node are cut off"));
        }
        if (own.local().isEmpty() && !own.problem().isEmpty()) {
            all.add(new Finding(EventReason.INVALID_NODE, own.problem()));
        }
        source.staleSince().filter(since -> since.plus(STALE).isBefore(now)).ifPresent(since -> all.add(
            new Finding(EventReason.STALE_CLUSTER_STATE, "forwarding by the cluster's state of " + since
                + ", no change since is in force: " + source.name() + ": " + source.staleReason())));
        if (dataplane.alive() && !dataplane.frontends().isEmpty()) {
            all.add(new Finding(EventReason.FRONTENDS_LEFT_OUT, dataplane.frontends()));
        }
        if (!own.fault().isEmpty()) {
            all.add(new Finding(EventReason.STALE_TABLES, own.fault()));
        }
        return all;
    }

    /** What has happened since the last call. */
    List<Finding> news(DataplaneState dataplane) {
        List<Finding> all = new ArrayList<>();
        if (dataplane.alive() && lastPid != 0 && dataplane.pid() != lastPid) {
            all.add(new Finding(EventReason.DATAPLANE_RESTARTED,
                "process " + dataplane.pid() + " runs in place of process " + lastPid));
        }
        lastPid = dataplane.alive() ? dataplane.pid() : lastPid;
        if (dataplane.forwarding() && !wasForwarding) {
            wasForwarding = true;
            all.add(new Finding(EventReason.NETWORK_READY, "Weft forwards the traffic of this node's pods"));
        }
        if (dataplane.forwarding() && dataplane.pid() != reportedModePid) {
            reportedModePid = dataplane.pid();
            if (!dataplane.uplinkReason().isEmpty()) {
                all.add(new Finding(EventReason.REDUCED_XDP_MODE, "uplink " + dataplane.uplink() + " runs in "
                    + dataplane.uplinkMode() + " mode: " + dataplane.uplinkReason()));
            }
        }
        return all;
    }
}
