package io.weft.controlplane.cli;

import io.weft.controlplane.process.ClusterSources;
import io.weft.controlplane.process.ControlPlane;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.config.SupervisedProcess;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs the control plane until SIGTERM. */
@Command(name = "control-plane", description = "Follow the cluster: write this node's tables, serve CNI.", mixinStandardHelpOptions = true)
final class ControlPlaneCommand implements Callable<Integer> {
    @Mixin private ConfigurationOptions options;

    @Option(names = "--check-config", description = "only check the configuration") private boolean checkOnly;

    @Override
    public Integer call() throws InterruptedException {
        NodeConfiguration configuration = options.load();
        configuration.requireUplink();
        ClusterSources.require(configuration);
        if (checkOnly) {
            ClusterSources.check(configuration);
            return 0;
        }
        SupervisedProcess.endWithSupervisor();
        ControlPlane controlPlane = ControlPlane.start(configuration);
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> {
            controlPlane.close();
            stopped.countDown();
            Runtime.getRuntime().halt(0); // being asked to stop is not a failure
        }));
        stopped.await();
        return 0;
    }
}
