package io.weft.controlplane.source;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.ObjectKey;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The contents of one file.
 *
 * @param objects those that can be read
 * @param lines where each starts, from 1
 * @param errors one line for each object that cannot be read
 * @param warnings one line for each value that is read although it is probably a mistake
 */
record ManifestContent(
    Map<ObjectKey, ClusterObject> objects, Map<ObjectKey, Integer> lines, List<String> errors, List<String> warnings) {

    static final ManifestContent NOTHING = new ManifestContent(Map.of(), Map.of(), List.of(), List.of());

    /** The same content, plus former objects that are not in it. */
    ManifestContent over(ManifestContent former) {
        Map<ObjectKey, ClusterObject> all = new LinkedHashMap<>(former.objects);
        Map<ObjectKey, Integer> allLines = new LinkedHashMap<>(former.lines);
        all.putAll(objects);
        allLines.putAll(lines);
        return new ManifestContent(all, allLines, errors, warnings);
    }

    /** The former objects, if the newer content was refused. */
    ManifestContent refused(List<String> why) {
        return new ManifestContent(objects, lines, why, List.of());
    }
}
