package io.weft.controlplane.source;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.ObjectKey;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What one file says.
 *
 * @param objects those that can be read
 * @param lines where each begins, from 1
 * @param errors one line for each that cannot
 * @param warnings one line for each thing that is read, but hardly meant so
 */
record ManifestContent(
    Map<ObjectKey, ClusterObject> objects, Map<ObjectKey, Integer> lines, List<String> errors, List<String> warnings) {

    static final ManifestContent NOTHING = new ManifestContent(Map.of(), Map.of(), List.of(), List.of());

    /** The same, and from former content what is not in this one. */
    ManifestContent over(ManifestContent former) {
        Map<ObjectKey, ClusterObject> all = new LinkedHashMap<>(former.objects);
        Map<ObjectKey, Integer> allLines = new LinkedHashMap<>(former.lines);
        all.putAll(objects);
        allLines.putAll(lines);
        return new ManifestContent(all, allLines, errors, warnings);
    }

    /** The former objects, refused newer content. */
    ManifestContent refused(List<String> why) {
        return new ManifestContent(objects, lines, why, List.of());
    }
}
