package io.weft.controlplane.api.resource;

import io.weft.controlplane.api.http.Answer;
import io.weft.controlplane.api.http.Resource;
import io.weft.controlplane.view.NodeFiles;
import io.weft.controlplane.view.NodeStatus;
import io.weft.controlplane.view.View;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What {@code weft status} and {@code weft show} print, as JSON: the same objects with the same fields. Everything is read from the files of
 * the run directory, so no request waits for the control loop or the dataplane.
 */
public final class NodeResources {
    private static final String ROOT = "/api/v1/";
    private static final String ALL = "all";

    private NodeResources() {
    }

    public static List<Resource> of(Path runDirectory) {
        List<Resource> resources = new ArrayList<>();
        resources.add(Resource.json(ROOT + "node", Set.of(), _ -> Answer.json(NodeStatus.read(runDirectory))));
        for (View view : View.values()) {
            resources.add(view == View.FLOWS ? FlowResource.of(ROOT + view, runDirectory) : table(view, runDirectory));
        }
        return resources;
    }

    private static Resource table(View view, Path runDirectory) {
        return Resource.json(ROOT + view, view.omitsZeros() ? Set.of(ALL) : Set.of(), request -> {
            boolean all = request.query().flag(ALL);
            request.query().requireCorrect();
            try (NodeFiles files = new NodeFiles(runDirectory)) {
                return Answer.json(view.read(files, all).objects());
            }
        });
    }
}
