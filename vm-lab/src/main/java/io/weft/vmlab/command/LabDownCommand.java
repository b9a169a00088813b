package io.weft.vmlab.command;

import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.LabSite;
import io.weft.vmlab.lab.Privileges;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code weft lab down}: ends a lab's processes and removes its namespaces and files; succeeds if there is no lab. */
@Command(name = "down", description = "Remove the cluster and leave nothing behind", mixinStandardHelpOptions = true)
public final class LabDownCommand implements Callable<Integer> {
    @Mixin private LabOptions lab;

    @Override
    public Integer call() throws Exception {
        Privileges.requireRoot("weft lab");
        LabSite.clear(new LabPlan(lab.name, 1, false, 1));
        System.out.println("lab '" + lab.name + "' is down");
        return 0;
    }
}
