package io.weft.controlplane.cli;

import io.weft.controlplane.status.ControlPlaneStatus;
import io.weft.controlplane.view.NodeStatus;
import java.util.ArrayList;
import java.util.List;

/** What {@code weft doctor} reports about the running processes. */
final class ProcessFindings {
    private ProcessFindings() {
    }

    static List<Finding> of(NodeStatus status) {
        List<Finding> findings = new ArrayList<>();
        dataplane(status.dataplane(), findings);
        podMtu(status.dataplane(), status.tables(), findings);
        controlPlane(status.controlPlane(), findings);
        return findings;
    }

    private static void dataplane(NodeStatus.Dataplane dataplane, List<Finding> findings) {
        if (!dataplane.running()) {
            findings.add(Finding.warn("dataplane", "down", "weft node starts it"));
            return;
        }
        findings.add(dataplane.fault().isEmpty()
            ? Finding.ok("dataplane", "process " + dataplane.pid())
            : Finding.fail("dataplane", dataplane.fault(), ""));
        if (!dataplane.frontends().isEmpty()) {
            findings.add(Finding.fail("frontends", dataplane.frontends(),
                "let fewer addresses of the node serve NodePorts (services.nodePortAddresses), or delete Services"));
        }
        String mode = dataplane.uplinkMode();
        findings.add(mode.startsWith("generic")
            ? Finding.warn("xdp", mode, dataplane.uplinkReason())
            : Finding.ok("xdp",
                mode + (dataplane.uplinkReason().isEmpty() ? "" : " (" + dataplane.uplinkReason() + ")")));
        findings.add(dataplane.portsFailed() == 0
            ? Finding.ok("ports", dataplane.portsUp() + " up")
            : Finding.fail("ports", dataplane.portsFailed() + " failed", "weft show ports says why"));
    }

    private static void podMtu(NodeStatus.Dataplane dataplane, NodeStatus.Tables tables, List<Finding> findings) {
        if (!dataplane.running() || tables.podMtu() < 0) { return; }
        long longest = dataplane.longestPacket();
        String offNode = ", " + tables.offNodeMtu() + " off it";
        findings.add(longest == 0 || longest >= tables.podMtu()
            ? Finding.ok("pod MTU", tables.podMtu() + " on the node" + offNode)
            : Finding.warn("pod MTU", longest + " on the node instead of " + tables.podMtu() + offNode,
                "set a smaller podMtu, or use Linux 6.6 or newer, which has multi-buffer frames"));
    }

    private static void cni(ControlPlaneStatus.CniInstallation cni, List<Finding> findings) {
        findings.add(cni.problem().isEmpty()
            ? Finding.ok("CNI", cni.conflist())
            : Finding.warn("CNI", cni.conflist() + " is not in place", cni.problem()));
        if (!cni.preceding().isEmpty()) {
            findings.add(Finding.fail("CNI",
                "the runtime prefers " + String.join(", ", cni.preceding()) + " to Weft's network configuration",
                "delete the file, or rename it so that it sorts after " + cni.conflist()));
        }
    }

    private static void controlPlane(NodeStatus.Control control, List<Finding> findings) {
        if (!control.running()) {
            findings.add(Finding.warn("control plane", "down", "weft node starts it"));
            return;
        }
        findings.add(Finding.ok("control plane", "process " + control.pid()));
        findings.add(control.stale().isEmpty()
            ? Finding.ok("source", control.source())
            : Finding.fail("source", control.source() + " is stale", control.stale()));
        if (control.health().failures() > 0) {
            findings.add(Finding.warn("failures", control.health().failures() + ", last: "
                + control.health().lastFailure(), "report it, with the log"));
        }
        control.errors().forEach(error -> findings.add(Finding.fail("input", error, "")));
        control.problems().forEach(problem -> findings.add(Finding.warn("input", problem, "")));
        if (control.cni() != null) {
            cni(control.cni(), findings);
        }
        control.addressNotes().forEach(note -> findings.add(Finding.warn("pods", note, "")));
    }
}
