package io.weft.controlplane.cni.install;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.controlplane.cni.CniErrorCode;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The file that the container runtime executes: a POSIX shell script that becomes the JVM. It starts no other program, because each costs
 * milliseconds of every pod's start. It works without the AOT cache. If Java or Weft is gone from its place, it answers with a CNI error
 * that says so.
 */
final class PluginScript {
    private PluginScript() {
    }

    /** @param cache used if it is there when a pod is added */
    static String text(PluginRuntime runtime, Optional<Path> cache) {
        return """
            #!/bin/sh
            # Weft's CNI plug-in. The control plane maintains this file and undoes changes (weft cni uninstall removes it).
            unset JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS
            export LC_ALL=C.UTF-8
            java=%s
            classes=%s
            cache=%s
            if ! [ -x "$java" ] || ! [ -r "$classes" ]; then
              echo %s
              exit 1
            fi
            set --
            if [ -r "$cache" ]; then set -- "-XX:AOTCache=$cache"; fi
            exec "$java" %s "$@" -cp "$classes" %s
            """
            .formatted(quote(runtime.java().toString()), quote(runtime.classPath().toString()),
                quote(cache.map(Path::toString).orElse("")), quote(missing(runtime)),
                String.join(" ", PluginRuntime.FLAGS), PluginRuntime.MAIN);
    }

    private static String missing(PluginRuntime runtime) {
        return new ObjectMapper().createObjectNode()
            .put("cniVersion", "1.0.0")
            .put("code", CniErrorCode.TRY_AGAIN)
            .put("msg", "weft-cni cannot start: " + runtime.java() + " or " + runtime.classPath() + " is missing")
            .put("details", "start Weft's control plane, which writes this plug-in anew")
            .toString();
    }

    /** One word of a shell. */
    private static String quote(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }
}
