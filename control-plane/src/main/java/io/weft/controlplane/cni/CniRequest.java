package io.weft.controlplane.cni;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.controlplane.ipam.AttachmentKey;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A request of the runtime, as the plug-in passes it on.
 *
 * @param configuration the network configuration from the plug-in's stdin
 */
record CniRequest(String command, String containerId, String netns, String ifName, JsonNode configuration) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_IF_NAME = 15;

    static CniRequest parse(String text) throws CniException {
        JsonNode request = object(text, "request");
        return new CniRequest(
            request.path("command").asText(), request.path("containerId").asText(), request.path("netns").asText(),
            request.path("ifName").asText(),
            object(request.path("configuration").asText(), "network configuration on stdin"));
    }

    /** Empty when the configuration names none. */
    String cniVersion() {
        return configuration.path("cniVersion").asText();
    }

    /** Name of the network configuration. */
    String network() {
        return configuration.path("name").asText();
    }

    AttachmentKey key() throws CniException {
        if (!containerId.matches("[a-zA-Z0-9][a-zA-Z0-9_.\\-]*")) { throw variable("CNI_CONTAINERID", containerId); }
        if (!ifName.matches("[^/:\\s]{1," + MAX_IF_NAME + "}") || ifName.equals(".") || ifName.equals("..")) {
            throw variable("CNI_IFNAME", ifName);
        }
        return new AttachmentKey(containerId, ifName);
    }

    /** The pod's namespace, which must be there. */
    Path requireNetns() throws CniException {
        if (netns.isEmpty() || !Files.exists(Path.of(netns))) { throw variable("CNI_NETNS", netns); }
        return Path.of(netns);
    }

    /** For the log. */
    @Override
    public String toString() {
        String subject = containerId.isEmpty() ? command : command + " " + containerId + "/" + ifName;
        return subject.replaceAll("\\p{Cntrl}", "?");
    }

    private static CniException variable(String name, String value) {
        return new CniException(CniErrorCode.INVALID_VARIABLES,
            name + " is " + (value.isEmpty() ? "empty" : "wrong: " + value));
    }

    private static JsonNode object(String text, String what) throws CniException {
        try {
            JsonNode node = JSON.readTree(text);
            if (node != null && node.isObject()) { return node; }
        } catch (JsonProcessingException e) {
            throw new CniException(CniErrorCode.UNDECODABLE, "the " + what + " is no JSON",
                e.getOriginalMessage().replaceFirst(" \\(start marker.*", ""));
        }
        throw new CniException(CniErrorCode.UNDECODABLE, "the " + what + " is no JSON object");
    }
}
