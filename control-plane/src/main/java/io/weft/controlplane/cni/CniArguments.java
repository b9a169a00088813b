package io.weft.controlplane.cni;

import java.util.HashMap;
import java.util.Map;

/**
 * The variable CNI_ARGS: {@code KEY=VALUE} pairs separated by semicolons, with which the kubelet's runtimes name the pod. Weft ignores the
 * keys that it does not know, with or without the convention {@code IgnoreUnknown=1}. Immutable.
 */
final class CniArguments {
    private static final String POD_NAMESPACE = "K8S_POD_NAMESPACE";
    private static final String POD_NAME = "K8S_POD_NAME";
    /** Kubernetes' names are stricter; other runtimes put a container's name here. */
    private static final String NAME = "[A-Za-z0-9][A-Za-z0-9_.\\-]{0,252}";

    private final Map<String, String> values;

    private CniArguments(Map<String, String> values) {
        this.values = Map.copyOf(values);
    }

    /** @throws CniException if a part is not a pair */
    static CniArguments parse(String text) throws CniException {
        Map<String, String> values = new HashMap<>();
        for (String pair : text.split(";")) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                values.put(pair.substring(0, equals).strip(), pair.substring(equals + 1).strip());
            } else if (!pair.isBlank()) {
                throw new CniException(CniErrorCode.INVALID_VARIABLES, "CNI_ARGS has a part that is not KEY=VALUE",
                    pair);
            }
        }
        return new CniArguments(values);
    }

    /** {@code namespace/name} of the pod; empty if the runtime does not say, or names none that could be a pod's. */
    String podName() {
        String namespace = values.getOrDefault(POD_NAMESPACE, "");
        String name = values.getOrDefault(POD_NAME, "");
        return namespace.matches(NAME) && name.matches(NAME) ? namespace + "/" + name : "";
    }
}
