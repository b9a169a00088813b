package io.weft.controlplane.cli;

import io.weft.controlplane.cni.WeftCni;
import io.weft.controlplane.cni.install.CniFiles;
import io.weft.controlplane.role.RoleLock;
import io.weft.controlplane.status.ControlPlaneStatus;
import io.weft.controlplane.status.StatusFile;
import io.weft.controlplane.view.UnavailableException;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.nativebindings.linux.FileErrors;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Puts the files by which a container runtime uses Weft in place, or removes them, once and by hand. */
@Command(name = "cni", description = "Install or uninstall the CNI plug-in and its network configuration.", mixinStandardHelpOptions = true)
final class CniCommand implements Runnable {
    @Spec private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "name install or uninstall");
    }

    @Command(name = "install", description = "Put both files in place, if the running node is ready to add pods.", mixinStandardHelpOptions = true)
    int install(@Mixin ConfigurationOptions chosen) throws InterruptedException {
        NodeConfiguration configuration = chosen.load();
        Optional<String> missing = WeftCni.status(configuration.cni().socket());
        if (missing.isPresent()) {
            throw new UnavailableException("nothing was installed, because this node cannot add pods yet: "
                + missing.get());
        }
        try {
            CniFiles files = new CniFiles(configuration);
            boolean written = files.put();
            files.makeCache();
            say(files.plugin() + " and " + files.conflist() + (written ? " are in place" : " were in place"));
            files.preceding().stream().findFirst().ifPresent(first -> say("the runtime uses " + first
                + " in that directory instead: delete it, or rename it so that it sorts after"));
            return 0;
        } catch (IOException e) {
            throw new UnavailableException(FileErrors.describe(e));
        }
    }

    @Command(name = "uninstall", description = "Remove both files; the plug-in stays while pods are attached, because the runtime needs it to detach them.", mixinStandardHelpOptions = true)
    int uninstall(@Mixin ConfigurationOptions chosen) {
        NodeConfiguration configuration = chosen.load();
        if (configuration.cni().install()) {
            RoleLock.holder(configuration.runDirectory(), RoleLock.CONTROL_PLANE).ifPresent(pid -> {
                throw new UnavailableException("the control plane (process " + pid + ") would write the files again:"
                    + " set cni.install to false and restart it, or stop it");
            });
        }
        try {
            CniFiles files = new CniFiles(configuration);
            say(files.conflist() + (files.removeConflist() ? " removed" : " was not there"));
            int attached = attachedPods(configuration);
            if (attached > 0) {
                say(files.plugin() + " stays, because " + attached + " pods are attached and the runtime needs it to"
                    + " detach them: drain the node, then uninstall again");
            } else {
                say(files.plugin() + (files.removePlugin() ? " removed" : " was not there"));
            }
            return 0;
        } catch (IOException e) {
            throw new UnavailableException(FileErrors.describe(e));
        }
    }

    /** As the control plane last reported; 0 if it has not run since the machine started, because then no pod has either. */
    private static int attachedPods(NodeConfiguration configuration) {
        return StatusFile.read(configuration.runDirectory()).map(ControlPlaneStatus::addresses)
            .map(ControlPlaneStatus.Addresses::given).orElse(0);
    }

    private void say(String line) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(line);
        out.flush();
    }
}
