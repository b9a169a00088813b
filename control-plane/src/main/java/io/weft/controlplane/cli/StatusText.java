package io.weft.controlplane.cli;

import io.weft.controlplane.status.ControlPlaneStatus;
import io.weft.controlplane.view.NodeStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** {@link NodeStatus} for people. */
final class StatusText {
    private static final int LABEL_WIDTH = 15;
    private static final int MAX_LINES = 100;

    private final StringBuilder text = new StringBuilder();

    private StatusText() {
    }

    static String of(NodeStatus status, String place) {
        StatusText page = new StatusText();
        if (!status.dataplane().running() || !status.controlPlane().running()) {
            page.line("run directory", place);
        }
        page.line("node", status.node().isEmpty() ? "not known yet" : status.node());
        page.dataplane(status.dataplane());
        page.control(status.controlPlane());
        page.tables(status.tables(), status.dataplane());
        return page.text.toString();
    }

    private void dataplane(NodeStatus.Dataplane dataplane) {
        line("dataplane", dataplane.running()
            ? "running, process " + dataplane.pid() + ", " + dataplane.workers() + " worker(s)"
            : "DOWN" + (dataplane.pid() > 0 ? ", was process " + dataplane.pid() : ""));
        if (!dataplane.fault().isEmpty()) {
            line("", dataplane.fault());
        }
        if (!dataplane.frontends().isEmpty()) {
            line("", dataplane.frontends());
        }
        if (dataplane.pid() <= 0) { return; }
        line("uplink", dataplane.uplink() + ", " + dataplane.uplinkMode() + ", MTU " + dataplane.uplinkMtu()
            + (dataplane.uplinkReason().isEmpty() ? "" : " (" + dataplane.uplinkReason() + ")"));
        line("ports", dataplane.portsUp() + " up, " + dataplane.portsOpening() + " opening, " + dataplane.portsFailed()
            + " failed");
        line("flows", dataplane.flows() + " of " + dataplane.flowCapacity() + " entries");
        line("frames", join(dataplane.frames()));
        line("drops", dataplane.topDrops().isEmpty() ? "none" : join(dataplane.topDrops()));
    }

    private void control(NodeStatus.Control control) {
        line("control plane", control.running() ? "running, process " + control.pid() : "DOWN");
        if (!control.source().isEmpty()) {
            line("source", control.source() + (control.stale().isEmpty() ? ", up to date" : ", STALE since "
                + Instant.ofEpochMilli(control.staleSinceMillis()) + " (" + ago(control.staleSinceMillis()) + "): "
                + control.stale()));
        }
        if (control.health().failures() > 0) {
            line("failures", control.health().failures() + " caught since the start, the last "
                + ago(control.health().lastFailureMillis()) + " ago: " + control.health().lastFailure());
        }
        if (control.nodeObject() != null) {
            line("Node", nodeObject(control.nodeObject()));
        }
        lines("operator", control.operator().stream().map(StatusText::write).toList());
        lines("wrong input", control.errors());
        lines("not used", control.problems());
        line("addresses", control.podCidr().isEmpty()
            ? "no podCIDR yet"
            : control.addressesGiven() + " allocated, " + control.addressesFree() + " free in " + control.podCidr());
        lines("recovered", control.addressNotes());
        if (control.cni() != null) {
            cni(control.cni());
        }
        line("updates", latency(control.updateLatency()));
    }

    private static String write(ControlPlaneStatus.Write write) {
        return write.write() + ", since " + Instant.ofEpochMilli(write.sinceMillis())
            + (write.comment().isEmpty() ? "" : " (" + write.comment() + ")")
            + (write.use().isEmpty() ? "" : ": " + write.use());
    }

    private void cni(ControlPlaneStatus.CniInstallation cni) {
        line("CNI", cni.conflist() + (cni.problem().isEmpty() ? " in place" : " not in place: " + cni.problem()));
        if (!cni.preceding().isEmpty()) {
            line("", "NOT USED: the runtime prefers " + String.join(", ", cni.preceding()));
        }
    }

    private void tables(NodeStatus.Tables tables, NodeStatus.Dataplane dataplane) {
        line("tables", tables.present()
            ? "generation " + tables.generation() + ": " + tables.ports() + " pod ports, " + tables.peers() + " peers, "
                + tables.services() + " service ports"
                + (dataplane.running() && dataplane.appliedGeneration() < tables.generation()
                    ? "; the dataplane uses generation " + dataplane.appliedGeneration() : "")
            : "none yet");
    }

    private static String nodeObject(ControlPlaneStatus.Publication publication) {
        if (publication.failure().isEmpty()) {
            return publication.checkedMillis() == 0 ? "not published yet" : "up to date";
        }
        return "NOT up to date since " + Instant.ofEpochMilli(publication.failingSinceMillis()) + " ("
            + ago(publication.failingSinceMillis()) + "): " + publication.failure();
    }

    private static String latency(ControlPlaneStatus.Latency latency) {
        return latency.count() == 0
            ? "none measured"
            : latency.count() + ", from arrival to use: p50 " + millis(latency.p50Micros()) + ", p99 "
                + millis(latency.p99Micros())
                + ", max " + millis(latency.maxMicros());
    }

    private static String millis(long micros) {
        return String.format("%.1f ms", micros / 1000.0);
    }

    private static String ago(long millis) {
        return Duration.ofMillis(System.currentTimeMillis() - millis).toSeconds() + " s";
    }

    private static String join(Map<String, Long> figures) {
        return figures.entrySet().stream().map(figure -> figure.getKey() + " " + figure.getValue())
            .collect(Collectors.joining(", "));
    }

    private void lines(String label, List<String> values) {
        for (int i = 0; i < Math.min(values.size(), MAX_LINES); i++) {
            line(i == 0 ? label : "", values.get(i));
        }
        if (values.size() > MAX_LINES) {
            line("", "and " + (values.size() - MAX_LINES) + " more; weft status -o json lists all");
        }
    }

    private void line(String label, String value) {
        text.append(label).append(" ".repeat(LABEL_WIDTH - label.length())).append(value).append('\n');
    }
}
