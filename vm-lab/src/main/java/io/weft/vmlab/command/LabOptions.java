package io.weft.vmlab.command;

import io.weft.vmlab.lab.LabFile;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Namespaces;
import java.io.IOException;
import picocli.CommandLine.Option;

/** Selects the lab of a command. */
final class LabOptions {
    @Option(names = "--name", defaultValue = LabPlan.DEFAULT_NAME, description = "name of the lab (default: ${DEFAULT-VALUE})") String name;

    /** The plan of the running lab, or a failure that says how to start one. */
    LabPlan running() throws IOException {
        LabPlan plan = LabFile.read(name);
        if (Namespaces.of(name).isEmpty()) {
            throw new IOException("lab '" + name + "' is not up: ./weft lab up --name " + name);
        }
        return plan;
    }
}
