package io.weft.controlplane.cli;

import io.weft.controlplane.view.NodeFiles;
import io.weft.controlplane.view.NodeStatus;
import io.weft.controlplane.view.Table;
import io.weft.controlplane.view.UnavailableException;
import io.weft.controlplane.view.View;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where a command reads a node's state: the files of its run directory, or its REST API. Both have the same tables. */
interface NodeSource {
    /** @throws UnavailableException one line, if it cannot be read now */
    Table table(View view, boolean all);

    /** @throws UnavailableException one line, if it cannot be read now */
    NodeStatus status();

    /** Where that is, for people. */
    String place();

    /** This node, without either process. */
    static NodeSource of(Path runDirectory) {
        return new NodeSource() {
            @Override
            public Table table(View view, boolean all) {
                try (NodeFiles files = new NodeFiles(runDirectory)) {
                    return view.read(files, all);
                }
            }

            @Override
            public NodeStatus status() {
                return NodeStatus.read(runDirectory);
            }

            @Override
            public String place() {
                return runDirectory + (Files.isDirectory(runDirectory) ? "" : " (missing)");
            }
        };
    }
}
