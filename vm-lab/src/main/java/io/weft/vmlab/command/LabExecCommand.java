package io.weft.vmlab.command;

import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Namespaces;
import io.weft.vmlab.lab.Privileges;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code weft lab exec WHERE -- COMMAND…}: runs a command in a node's or a pod's network namespace. */
@Command(name = "exec", description = "Run a command in a node (n1, k1, out) or a pod (n1/pod1)", mixinStandardHelpOptions = true)
public final class LabExecCommand implements Callable<Integer> {
    @Mixin private LabOptions lab;

    @Parameters(index = "0", paramLabel = "WHERE", description = "a node (n1, k1, out, underlay) or a pod (n1/pod1)") private String where;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "COMMAND", description = "the command and its arguments") private List<String> command;

    @Override
    public Integer call() throws Exception {
        Privileges.requireRoot("weft lab");
        LabPlan plan = lab.running();
        Path namespace = NetworkNamespace.named(plan.name() + "-" + where.replace('/', '-'));
        if (!Files.exists(namespace)) {
            List<String> known = Namespaces.of(plan.name()).stream()
                .map(path -> path.getFileName().toString().substring(plan.name().length() + 1))
                .toList();
            throw new IOException("no '" + where + "' in lab '" + plan.name() + "'; there are " + known);
        }
        return NetworkNamespace.call(namespace, ExternalCommand.typed(command).builder().inheritIO()::start).waitFor();
    }
}
