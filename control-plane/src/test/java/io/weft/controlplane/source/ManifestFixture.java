package io.weft.controlplane.source;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.ObjectKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Turns a text of several steps of manifests, each of which replaces the one before, into changes. */
public final class ManifestFixture {
    private static final long WRITTEN_MILLIS = 1_700_000_000_000L;

    private ManifestFixture() {
    }

    /** The objects of correct manifests. */
    public static List<ClusterObject> objects(String text) {
        try {
            return steps(text).getFirst().updated();
        } catch (ManifestException e) {
            throw new IllegalArgumentException(String.join("; ", e.errors()), e);
        }
    }

    public static List<ClusterChange> steps(String text) throws ManifestException {
        List<ClusterChange> changes = new ArrayList<>();
        Map<ObjectKey, ClusterObject> before = Map.of();
        for (String step : text.split("(?m)^# step$")) {
            ManifestContent content = ManifestReader.read("fixture", step, WRITTEN_MILLIS);
            if (!content.errors().isEmpty()) { throw new ManifestException(content.errors()); }
            Map<ObjectKey, ClusterObject> now = content.objects();
            Map<ObjectKey, ClusterObject> last = before;
            changes.add(new ClusterChange(System.nanoTime(),
                now.values().stream().filter(object -> !object.equals(last.get(object.key()))).toList(),
                last.keySet().stream().filter(key -> !now.containsKey(key)).toList()));
            before = now;
        }
        return changes;
    }
}
