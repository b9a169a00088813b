package io.weft.dataplane.config;

import static io.weft.dataplane.config.ConfigurationKey.*;

import java.nio.file.Path;

/**
 * Where container runtimes find Weft's CNI plug-in, and where the plug-in finds the control plane. All paths are absolute: a runtime has
 * its own working directory. Immutable.
 *
 * @param socket of the CNI server
 * @param install whether the control plane keeps plug-in and network configuration in place
 * @param binDirectory of the runtime's plug-ins
 * @param confDirectory of the runtime's network configurations
 */
public record CniConfiguration(Path socket, boolean install, Path binDirectory, Path confDirectory) {
    static CniConfiguration of(Settings settings, Path runDirectory) {
        return new CniConfiguration(
            settings.optionalPath(CNI_SOCKET).orElse(runDirectory.resolve("cni.sock")).toAbsolutePath(),
            settings.flag(CNI_INSTALL),
            settings.path(CNI_BIN_DIRECTORY).toAbsolutePath(),
            settings.path(CNI_CONF_DIRECTORY).toAbsolutePath());
    }
}
