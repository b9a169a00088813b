package io.weft.vmlab.command;

import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.kubernetes.Cluster;
import io.weft.vmlab.lab.Distribution;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.WeftNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code weft lab status}: the nodes and pods of a cluster, and each Weft node's own {@code weft status}. */
@Command(name = "status", description = "Show the status of every Weft node of the lab", mixinStandardHelpOptions = true)
public final class LabStatusCommand implements Callable<Integer> {
    @Mixin private LabOptions lab;

    @Override
    public Integer call() throws Exception {
        LabPlan plan = lab.running();
        Distribution distribution = Distribution.locate();
        int worst = 0;
        Optional<Path> kubectl = Cluster.kubectl(plan);
        if (kubectl.isPresent()) {
            worst = ExternalCommand.file(kubectl.get(), "get", "nodes,pods", "--all-namespaces", "--output=wide")
                .builder().inheritIO().start().waitFor();
        }
        for (LabPlan.Host host : plan.weftHosts()) {
            if (!Files.exists(WeftNode.configuration(plan, host))) {
                continue; // a node without Weft
            }
            System.out.println("== " + host.name() + " " + host.address().getHostAddress());
            ProcessBuilder status = ExternalCommand.file(
                distribution.weft(), "status", "--config", WeftNode.configuration(plan, host).toString())
                .builder().inheritIO();
            Process process = NetworkNamespace.call(NetworkNamespace.named(host.namespace()), status::start);
            worst = Math.max(worst, process.waitFor());
        }
        return worst;
    }
}
