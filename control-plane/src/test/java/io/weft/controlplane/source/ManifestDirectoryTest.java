package io.weft.controlplane.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.controlplane.Await;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.Kind;
import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.status.Failures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManifestDirectoryTest {
    @TempDir private Path parent;
    private Path directory;
    private ManifestDirectory source;
    private final AtomicInteger removals = new AtomicInteger();
    private final ConcurrentSkipListMap<ObjectKey, ClusterObject> known = new ConcurrentSkipListMap<>();

    private final Failures failures = new Failures();
    private volatile boolean failing;

    @BeforeEach
    void start() throws IOException {
        directory = Files.createDirectory(parent.resolve("manifests"));
    }

    @AfterEach
    void stop() {
        if (source != null) {
            source.close();
        }
    }

    @Test
    void followsFilesThatAreRenamedIntoPlace() throws IOException {
        put("a.yaml", pod("a"));
        watch();
        awaitPods("a");
        put("b.yaml", pod("b") + pod("c"));
        awaitPods("a", "b", "c");
        put("b.yaml", pod("c"));
        awaitPods("a", "c");
        Files.delete(directory.resolve("a.yaml"));
        awaitPods("c");
    }

    @Test
    void keepsTheLastGoodContentOfAWrongFileAndAppliesTheOthers() throws IOException {
        put("a.yaml", pod("a"));
        put("b.yaml", pod("b"));
        watch();
        awaitPods("a", "b");
        put("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {hostNetwork: 7}\n");
        put("c.yaml", pod("c"));
        awaitPods("a", "b", "c");
        awaitErrors(directory + "/a.yaml:4: Pod/x: spec.hostNetwork: must be true or false, not \"7\"");
        put("a.yaml", pod("a2"));
        awaitPods("a2", "b", "c");
        awaitErrors();
    }

    @Test
    void isStaleFromTheDirectorysDeletionUntilItsReturn() throws IOException {
        put("a.yaml", pod("a"));
        watch();
        awaitPods("a");
        Path aside = parent.resolve("aside");
        Files.move(directory, aside);
        Await.until("stale", () -> source.status().staleSince().isPresent());
        assertEquals("no such directory", source.status().staleReason());
        assertPods("a");
        Files.createDirectory(directory);
        Await.until("empty", () -> source.status().staleReason().equals("contains no manifest any more"));
        assertPods("a");
        put("b.yaml", pod("b"));
        awaitPods("b");
        assertTrue(source.status().staleSince().isEmpty());
    }

    @Test
    void deletesNothingWhileADirectoryIsFilledAgainFileByFile() throws IOException {
        put("a.yaml", pod("a"));
        put("b.yaml", pod("b"));
        watch();
        awaitPods("a", "b");
        Files.delete(directory.resolve("a.yaml"));
        Files.delete(directory.resolve("b.yaml"));
        Await.until("empty", () -> source.status().staleReason().equals("contains no manifest any more"));
        int before = removals.get();
        put("a.yaml", pod("a"));
        put("b.yaml", pod("b"));
        Await.until("up to date", () -> source.status().staleSince().isEmpty());
        awaitPods("a", "b");
        assertEquals(before, removals.get());
    }

    @Test
    void findsADirectoryThatIsCreatedLater() throws IOException {
        Files.delete(directory);
        watch();
        Await.until("stale", () -> source.status().staleSince().isPresent());
        Files.createDirectory(directory);
        put("a.yaml", pod("a"));
        awaitPods("a");
    }

    @Test
    void anObjectInTwoFilesIsReportedAndTheFirstByNameCounts() throws IOException {
        put("a.yaml", pod("a"));
        put("b.yaml", pod("a") + pod("b"));
        watch();
        awaitPods("a", "b");
        awaitErrors(directory + "/b.yaml: Pod default/a: is also in a.yaml, which counts");
        Files.delete(directory.resolve("a.yaml"));
        awaitErrors();
        awaitPods("a", "b");
    }

    @Test
    void aFileWrittenInPlaceEndsWithItsFullContent() throws IOException {
        put("a.yaml", pod("a"));
        put("keep.yaml", pod("keep"));
        watch();
        awaitPods("a", "keep");
        Files.writeString(directory.resolve("a.yaml"), pod("b"));
        awaitPods("b", "keep");
    }

    @Test
    void ignoresOtherFilesAndHiddenOnes() throws IOException {
        put("a.yaml", pod("a"));
        put("notes.txt", "not yaml: [");
        put(".b.yaml", pod("b"));
        watch();
        awaitPods("a");
        assertEquals(List.of(), source.status().errors());
    }

    @Test
    void appliesTheOtherObjectsOfAFileWithAWrongOneAndRemovesNothing() throws IOException {
        put("a.yaml", pod("a") + pod("b"));
        watch();
        awaitPods("a", "b");
        put("a.yaml", "---\n{apiVersion: v1, kind: Pod, metadata: {name: b}, spec: {hostNetwork: maybe}}\n" + pod("c"));
        awaitPods("a", "b", "c");
        awaitErrors(directory + "/a.yaml:2: Pod/b: spec.hostNetwork: must be true or false, not \"maybe\"");
        put("a.yaml", pod("c"));
        awaitPods("c");
        awaitErrors();
    }

    @Test
    void aJsonFileIsAManifest() throws IOException {
        put("a.json", "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Pod\",\n\t\"metadata\": {\"name\": \"a\"}\n}\n");
        watch();
        awaitPods("a");
        assertEquals(directory + "/a.json:1", source.origin(new ObjectKey(Kind.POD, "default", "a")).orElseThrow());
    }

    @Test
    void survivesAFailureOfTheListenerAndDeliversAgain() throws IOException {
        failing = true;
        put("a.yaml", pod("a"));
        watch();
        Await.until("counted", () -> failures.summary().count() > 0);
        Await.until("stale", () -> source.status().staleReason().startsWith("Weft failed on it"));
        put("b.yaml", pod("b"));
        failing = false;
        awaitPods("a", "b");
        Await.until("up to date", () -> source.status().staleSince().isEmpty());
        put("c.yaml", pod("c"));
        awaitPods("a", "b", "c");
    }

    private void watch() {
        source = new ManifestDirectory(directory, failures);
        source.start(new ClusterSource.Listener() {
            @Override
            public void changed(ClusterChange change) {
                if (failing) { throw new IllegalStateException("injected"); }
                if (change.complete()) {
                    known.clear();
                }
                removals.addAndGet(change.removed().size());
                change.removed().forEach(known::remove);
                change.updated().forEach(object -> known.put(object.key(), object));
            }

            @Override
            public void statusChanged() {
                // the tests ask for the status
            }
        });
    }

    private void put(String name, String content) throws IOException {
        Path fresh = Files.writeString(parent.resolve(name + ".new"), content);
        Files.move(fresh, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    private static String pod(String name) {
        return "---\n{apiVersion: v1, kind: Pod, metadata: {name: " + name + "}}\n";
    }

    private void awaitPods(String... names) {
        Await.until("pods " + List.of(names), () -> pods().equals(new TreeSet<>(List.of(names))));
    }

    private void assertPods(String... names) {
        assertEquals(new TreeSet<>(List.of(names)), pods());
    }

    private Set<String> pods() {
        return known.keySet().stream().map(ObjectKey::name).collect(Collectors.toCollection(TreeSet::new));
    }

    private void awaitErrors(String... errors) {
        Await.until("errors " + List.of(errors), () -> source.status().errors().equals(List.of(errors)));
    }
}
