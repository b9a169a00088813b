package io.weft.controlplane.source;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.ObjectKey;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/** The objects of all files merged. If an object is in several files, the file that is first by name counts. One thread. */
final class ManifestSet {
    private final Path directory;
    private final Map<String, ManifestFile> files = new TreeMap<>();
    private final Map<ObjectKey, TreeSet<String>> owners = new HashMap<>();
    private final Map<ObjectKey, ClusterObject> effective = new HashMap<>();
    private final Set<ObjectKey> touched = new HashSet<>();
    /** Written by the source's thread, read by any. */
    private final Map<ObjectKey, String> origins = new ConcurrentHashMap<>();
    private boolean reportAll = true;

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

    /** What changed since the last call; everything at first, and after {@link #reportAll}. */
    ClusterChange takeChange(long arrivalNanos) {
        List<ClusterObject> updated = new ArrayList<>();
        List<ObjectKey> removed = new ArrayList<>();
        Throttle throttle = new Throttle();
        for (ObjectKey key : new TreeSet<>(touched)) {
            throttle.pause();
            ClusterObject now = winner(key);
            if (now == null) {
                origins.remove(key);
                if (effective.remove(key) != null) {
                    removed.add(key);
                }
            } else {
                origins.put(key, origin(key));
                if (!now.equals(effective.put(key, now))) {
                    updated.add(now);
                }
            }
        }
        touched.clear();
        if (reportAll) {
            reportAll = false;
            return new ClusterChange(arrivalNanos, List.copyOf(effective.values()), List.of(), true);
        }
        return new ClusterChange(arrivalNanos, List.copyOf(updated), List.copyOf(removed));
    }

    /** Makes the next change contain everything: an earlier one may not have been delivered. */
    void reportAll() {
        reportAll = true;
        files.values().forEach(file -> touched.addAll(file.objects().keySet()));
        touched.addAll(effective.keySet());
    }

    /** {@code FILE:LINE} of an object. Any thread. */
    Optional<String> originOf(ObjectKey key) {
        return Optional.ofNullable(origins.get(key));
    }

    /** Errors and warnings of the files, and duplicate objects. */
    List<String> errors() {
        List<String> errors = new ArrayList<>();
        files.values().forEach(file -> {
            errors.addAll(file.content().errors());
            errors.addAll(file.content().warnings());
        });
        owners.forEach((key, names) -> names.stream().skip(1).forEach(
            name -> errors
                .add(directory.resolve(name) + ": " + key + ": is also in " + names.first() + ", which counts")));
        return List.copyOf(errors);
    }

    private ClusterObject winner(ObjectKey key) {
        TreeSet<String> names = owners.get(key);
        return names == null ? null : files.get(names.first()).objects().get(key);
    }

    private String origin(ObjectKey key) {
        String name = owners.get(key).first();
        return directory.resolve(name) + ":" + files.get(name).content().lines().getOrDefault(key, 1);
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
