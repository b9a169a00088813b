package io.weft.controlplane.cni;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.controlplane.ipam.AttachmentKey;
import io.weft.controlplane.ipam.AttachmentNames;
import io.weft.nativebindings.netlink.NetworkNamespace;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A request of the runtime, as the plug-in passes it on.
 *
 * @param args CNI_ARGS
 * @param configuration the network configuration from the plug-in's stdin
 */
record CniRequest(
    String command, String containerId, String netns, String ifName, String args, JsonNode configuration) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_IF_NAME = 15;

    static CniRequest parse(String text) throws CniException {
        JsonNode request = object(text, "request");
        return new CniRequest(text(request, "command"), text(request, "containerId"), text(request, "netns"),
            text(request, "ifName"), text(request, "args"),
            object(text(request, "configuration"), "network configuration on stdin"));
    }

    /** A member's text; empty if it is missing or null, which Go's encoders write for an empty value. */
    static String text(JsonNode object, String member) {
        JsonNode value = object.path(member);
        return value.isNull() ? "" : value.asText();
    }

    /** Empty if the configuration names none. */
    String cniVersion() {
        return text(configuration, "cniVersion");
    }

    /** Name of the network configuration. */
    String network() {
        return text(configuration, "name");
    }

    AttachmentKey key() throws CniException {
        if (!containerId.matches("[a-zA-Z0-9][a-zA-Z0-9_.\\-]*")) { throw variable("CNI_CONTAINERID", containerId); }
        if (!ifName.matches("[^/:\\s]{1," + MAX_IF_NAME + "}") || ifName.equals(".") || ifName.equals("..")) {
            throw variable("CNI_IFNAME", ifName);
        }
        return new AttachmentKey(containerId, ifName);
    }

    /** What the record of an attachment in this namespace must name. */
    AttachmentNames names(PodNamespace pod) throws CniException {
        return new AttachmentNames(key(), network(), pod.path(), CniArguments.parse(args).podName());
    }

    /** The pod's namespace, which must exist and must not be the node's. */
    PodNamespace openNamespace() throws CniException {
        try {
            Path path = Path.of(netns);
            Optional<NetworkNamespace> namespace = path.isAbsolute() ? NetworkNamespace.find(path) : Optional.empty();
            if (namespace.isEmpty()) { throw variable("CNI_NETNS", netns, "not a network namespace"); }
            return PodNamespace.of(path, namespace.get());
        } catch (InvalidPathException e) {
            throw variable("CNI_NETNS", netns, "not a path");
        }
    }

    /** For the log. */
    @Override
    public String toString() {
        String subject = containerId.isEmpty() ? command : command + " " + containerId + "/" + ifName;
        return subject.replaceAll("\\p{Cntrl}", "?");
    }

    private static CniException variable(String name, String value) {
        return variable(name, value, "wrong");
    }

    private static CniException variable(String name, String value, String fault) {
        return new CniException(CniErrorCode.INVALID_VARIABLES,
            name + " is " + (value.isEmpty() ? "empty" : fault + ": " + value));
    }

    private static JsonNode object(String text, String what) throws CniException {
        try {
            JsonNode node = JSON.readTree(text);
            if (node != null && node.isObject()) { return node; }
        } catch (JsonProcessingException e) {
            throw new CniException(CniErrorCode.UNDECODABLE, "the " + what + " is not JSON",
                e.getOriginalMessage().replaceFirst(" \\(start marker.*", ""));
        }
        throw new CniException(CniErrorCode.UNDECODABLE, "the " + what + " is not a JSON object");
    }
}
