package io.weft.controlplane.source;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.ObjectKey;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** The files' objects merged; of an object in several files the one in the file first by name counts. One thread. */
final class ManifestSet {
    private final Path directory;
    private final Map<String, ManifestFile> files = new TreeMap<>();
    private final Map<ObjectKey, TreeSet<String>> owners = new HashMap<>();
    private final Map<ObjectKey, ClusterObject> effective = new HashMap<>();
    private final Set<ObjectKey> touched = new HashSet<>();

    ManifestSet(Path directory) {
        this.directory = directory;
    }

    ManifestFile file(String name) {
        return files.get(name);
    }

    Set<String> names() {
        return Set.copyOf(files.keySet());
    }

    boolean isEmpty() { return files.isEmpty(); }

    void put(String name, ManifestFile file) {
        forget(name);
        files.put(name, file);
        file.objects().keySet().forEach(key -> owners.computeIfAbsent(key, _ -> new TreeSet<>()).add(name));
        touched.addAll(file.objects().keySet());
    }

    void remove(String name) {
        forget(name);
        files.remove(name);
    }

    /** What changed since the last call. */
    ClusterChange takeChange(long arrivalNanos) {
        List<ClusterObject> updated = new ArrayList<>();
        List<ObjectKey> removed = new ArrayList<>();
        Pace pace = new Pace();
        for (ObjectKey key : new TreeSet<>(touched)) {
            pace.rest();
            ClusterObject now = winner(key);
            if (now == null) {
                if (effective.remove(key) != null) {
                    removed.add(key);
                }
            } else if (!now.equals(effective.put(key, now))) {
                updated.add(now);
            }
        }
        touched.clear();
        return new ClusterChange(arrivalNanos, List.copyOf(updated), List.copyOf(removed));
    }

    /** Refused files and objects given twice. */
    List<String> errors() {
        List<String> errors = new ArrayList<>();
        files.values().forEach(file -> errors.addAll(file.errors()));
        owners.forEach((key, names) -> names.stream().skip(1).forEach(
            name -> errors
                .add(directory.resolve(name) + ": " + key + ": is also in " + names.first() + ", which counts")));
        return List.copyOf(errors);
    }

    private ClusterObject winner(ObjectKey key) {
        TreeSet<String> names = owners.get(key);
        return names == null ? null : files.get(names.first()).objects().get(key);
    }

    private void forget(String name) {
        ManifestFile old = files.get(name);
        if (old == null) { return; }
        touched.addAll(old.objects().keySet());
        for (ObjectKey key : old.objects().keySet()) {
            owners.computeIfPresent(key, (_, names) -> {
                names.remove(name);
                return names.isEmpty() ? null : names;
            });
        }
    }
}
