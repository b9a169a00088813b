package io.weft.controlplane.status;

import java.util.List;
import java.util.Map;

/**
 * What the control plane reports in {@code <run>/control-plane.json}, for {@code weft status}. Times are milliseconds since the epoch.
 *
 * @param problems objects that are not in force, completely or in part, one line each
 * @param annotations for this node's Node object, so that flannel and Weft nodes find it; empty until known
 * @param podNames of this node's pods, by address
 * @param health null in a file of an earlier version
 * @param publication of the annotations on this node's Node; null where the source is not the Kubernetes API
 * @param cni null without {@code cni.install}
 * @param operator what operators have written; null in a file of an earlier version
 */
public record ControlPlaneStatus(
    long pid, String nodeName, long startedMillis, long updatedMillis, Source source, List<String> problems,
    Tables tables, Addresses addresses, Latency updateLatency, Map<String, String> annotations,
    Map<String, String> podNames, Health health, Publication publication, CniInstallation cni,
    List<Write> operator) {

    /** Whether each part is there, so that any file can be read. */
    boolean isWhole() {
        return nodeName != null && source != null && source.errors() != null && problems != null && tables != null
            && addresses != null && updateLatency != null && annotations != null && podNames != null;
    }

    /**
     * @param staleSinceMillis 0 when not stale
     * @param errors input refused, one line each
     */
    public record Source(String name, boolean synced, long staleSinceMillis, String staleReason, List<String> errors) {
    }

    /**
     * @param fault why the cluster is not followed at present; empty while it is
     * @param failures unexpected failures caught since the start
     * @param lastFailureMillis 0 without one
     * @param lastFailure where and what
     */
    public record Health(String fault, long failures, long lastFailureMillis, String lastFailure) {
    }

    /**
     * What an operator has written.
     *
     * @param write kind, subject and setting, for example {@code drain 10.244.1.5:8080}
     * @param use what it does at present
     */
    public record Write(String write, String comment, long sinceMillis, String use) {
    }

    /**
     * @param conflist path of the network configuration
     * @param problem why it is not in place; empty if it is
     * @param preceding network configurations that the runtime uses instead of it
     */
    public record CniInstallation(String conflist, String problem, List<String> preceding) {
    }

    /**
     * @param checkedMillis when the Node was last found, or made, up to date; 0 before that
     * @param failure why it is not up to date; empty if the last attempt succeeded
     * @param failingSinceMillis 0 without a failure
     */
    public record Publication(long checkedMillis, String failure, long failingSinceMillis) {
    }

    /** @param published whether the dataplane may see the tables */
    public record Tables(long incarnation, long generation, boolean published, long freeBytes, int peers,
        int services) {
    }

    /**
     * @param podCidr empty until known
     * @param notes records that were damaged, or recreated from a pod's device, one line each
     */
    public record Addresses(String podCidr, int given, long free, List<String> notes) {
        /** A file of an earlier version has no notes. */
        public Addresses {
            notes = notes == null ? List.of() : List.copyOf(notes);
        }

    }

    /** From the arrival of a change until every worker uses it. */
    public record Latency(long count, long p50Micros, long p90Micros, long p99Micros, long maxMicros) {
    }
}
