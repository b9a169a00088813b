package io.weft.dataplane.config;

import java.util.Arrays;
import java.util.Optional;

/** All configuration keys: name in the file, default as text (empty: none), one line of help. */
public enum ConfigurationKey {
    NODE_NAME("nodeName", "", "name of this node's Node object, converted to lower case; the host name when empty"),
    UPLINK("uplink", "", "network device that leads to the other nodes"),
    RUN_DIRECTORY("runDirectory", "/run/weft", "tables, flows, counters, locks and sockets; may be lost at reboot"),
    STATE_DIRECTORY("stateDirectory", "/var/lib/weft",
        "allocated pod addresses, the VTEP MAC and the journal of the cluster's objects; must survive a reboot"),
    SOURCE_MANIFESTS("source.manifests", "", "directory of Kubernetes manifests to watch"),
    SOURCE_KUBECONFIG("source.kubeconfig", "",
        "kubeconfig of the Kubernetes API to follow; neither this nor manifests: the pod's service account"),
    SOURCE_SERVERS("source.servers", "",
        "URLs of the cluster's API servers, tried in turn instead of the address in the kubeconfig or the pod's environment"),
    POD_CIDR("podCidr", "", "addresses of this node's pods; from the Node object when empty"),
    CLUSTER_CIDR("clusterCidr", "10.244.0.0/16", "addresses of all pods of the cluster"),
    SERVICE_CIDR("serviceCidr", "10.96.0.0/12", "addresses of Services"),
    NODE_PORT_RANGE("nodePortRange", "30000-32767",
        "Kubernetes' NodePorts: kept out of snat.ports; a Service's NodePort outside of it is not served"),
    SERVICES_NODE_PORT_ADDRESSES("services.nodePortAddresses", "primary",
        "the node's addresses that serve NodePorts: primary (that of the Node object), all, or ranges separated by commas"),
    SERVICES_MASQUERADE_ALL("services.masqueradeAll", "false", "every flow to a ClusterIP has the node as its source"),
    SERVICES_LOCAL_PODS("services.localPods", "node-cidr",
        "clients that count as pods of this node: those of node-cidr (podCidr) or cluster-cidr (clusterCidr), or none"),
    POD_MTU("podMtu", "0",
        "MTU of pods, for packets that stay on the node; 0: 65200, or what one chunk holds where the kernel lacks multi-buffer frames"),
    OFF_NODE_MTU("offNodeMtu", "0",
        "MTU of pods' routes to other nodes, Services and outside; 0: the uplink's minus the tunnel's overhead"),
    WORKERS("workers", "1", "forwarding threads, at most the uplink's queues"),
    WORKER_CPUS("workerCpus", "", "CPUs to pin the workers to, one each; not pinned when empty"),
    BUSY_POLL("busyPoll", "false", "workers never sleep"),
    XDP_MODE("xdp.mode", "auto", "best XDP mode to try: auto, zero-copy, native or generic"),
    OVERLAY_MODE("overlay.mode", "vxlan",
        "vxlan; none (routed) and auto (routed on the same subnet) are not supported yet"),
    OVERLAY_VNI("overlay.vni", "1", "VXLAN network identifier"),
    OVERLAY_PORT("overlay.port", "8472", "UDP port of the tunnel"),
    MASQUERADE("masquerade", "true", "pods use the node's address towards the outside"),
    SNAT_PORTS("snat.ports", "10000-29999,61000-65535",
        "ports and ICMP identifiers for masqueraded flows: FIRST-LAST, or several separated by commas"),
    FLOWS_CAPACITY("flows.capacity", "262144", "flow table entries, two per connection; a power of two"),
    FLOWS_RECORDS("flows.records", "off",
        "flow records for the API: off, end (of each flow that ends), or all (also when it begins)"),
    FLOWS_RECORDS_FILE("flows.recordsFile", "",
        "file that the control plane appends flow records to, as lines of JSON; none when empty"),
    FLOWS_RECORDS_FILE_MIB("flows.recordsFileMiB", "100",
        "size at which that file is renamed to FILE.1, in place of the one before"),
    API_LISTEN("api.listen", "127.0.0.1:9797",
        "address and port of the REST API; when empty it is only on api.sock in the run directory, for root"),
    API_TOKEN_FILE("api.tokenFile", "",
        "bearer tokens of the REST API, one a line: read TOKEN or operate TOKEN; api-tokens in the state directory when empty; created if missing"),
    API_TLS_CERTIFICATE("api.tls.certificate", "",
        "PEM certificate of the REST API, with its chain; read again when it changes"),
    API_TLS_KEY("api.tls.key", "", "PEM private key of that certificate"),
    API_TLS_CLIENT_CA("api.tls.clientCa", "",
        "PEM authorities of client certificates; clients must then present one, besides their token"),
    CNI_SOCKET("cni.socket", "", "socket of the CNI server; cni.sock in the run directory when empty"),
    CNI_INSTALL("cni.install", "false",
        "the control plane puts the CNI plug-in and its network configuration in place and keeps them there"),
    CNI_BIN_DIRECTORY("cni.binDirectory", "/opt/cni/bin", "where the runtime looks for CNI plug-ins"),
    CNI_CONF_DIRECTORY("cni.confDirectory", "/etc/cni/net.d", "where the runtime looks for network configurations");

    private final String key;
    private final String defaultText;
    private final String help;

    ConfigurationKey(String key, String defaultText, String help) {
        this.key = key;
        this.defaultText = defaultText;
        this.help = help;
    }

    /** Name in the file, with dots between levels. */
    public String key() {
        return key;
    }

    public String defaultText() {
        return defaultText;
    }

    public String help() {
        return help;
    }

    /** Environment variable of the key: {@code overlay.vni} is {@code WEFT_OVERLAY_VNI}. */
    public String variable() {
        return "WEFT_" + name();
    }

    static Optional<ConfigurationKey> of(String key) {
        return Arrays.stream(values()).filter(candidate -> candidate.key.equals(key)).findFirst();
    }

    /** Whether {@code key} is a level that contains other keys, like {@code overlay}. */
    static boolean isLevel(String key) {
        return Arrays.stream(values()).anyMatch(candidate -> candidate.key.startsWith(key + "."));
    }
}
