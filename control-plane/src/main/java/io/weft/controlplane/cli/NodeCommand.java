package io.weft.controlplane.cli;

import io.weft.controlplane.process.ChildCommands;
import io.weft.controlplane.process.ClusterSources;
import io.weft.controlplane.process.Supervisor;
import io.weft.controlplane.role.RoleLock;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.nativebindings.linux.FileLock;
import io.weft.nativebindings.process.ExternalCommand;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs both processes of a node until SIGTERM. */
@Command(name = "node", description = "Run a node: start the dataplane and the control plane, and restart them when they end.", mixinStandardHelpOptions = true)
final class NodeCommand implements Callable<Integer> {
    private static final String ROLE = "node";
    private static final Duration LEAVING = Duration.ofSeconds(5);

    @Mixin private ConfigurationOptions options;

    @Option(names = "--check-config", description = "only check the configuration") private boolean checkOnly;

    @Override
    public Integer call() {
        NodeConfiguration configuration = options.load();
        configuration.requireUplink();
        ClusterSources.require(configuration);
        if (checkOnly) {
            ClusterSources.check(configuration);
            return 0;
        }
        try (FileLock _ = RoleLock.take(configuration.runDirectory(), ROLE)) {
            Map<String, ExternalCommand> commands = ChildCommands.forNode(options.arguments());
            commands.keySet().forEach(role -> RoleLock.awaitFree(configuration.runDirectory(), role, LEAVING));
            return new Supervisor(commands).run();
        }
    }
}
