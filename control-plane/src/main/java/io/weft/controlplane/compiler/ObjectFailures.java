package io.weft.controlplane.compiler;

import io.weft.controlplane.model.ObjectKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Objects on which the compiler failed unexpectedly, twice in a row: they are left out, and all others go on. A failure that does not come
 * again is counted and that is all. One thread.
 */
final class ObjectFailures {
    private final Map<ObjectKey, Throwable> failed = new TreeMap<>();
    private final List<Throwable> news = new ArrayList<>();

    /** Compiles one object by itself. */
    @FunctionalInterface
    interface Attempt<T> {
        T compile() throws UnusableObjectException;
    }

    /** @return what the attempt makes of the object, or {@code nothing} when it fails */
    <T> T attempt(ObjectKey object, Attempt<T> attempt, T nothing) throws UnusableObjectException {
        forget(object);
        try {
            return attempt.compile();
        } catch (RuntimeException | StackOverflowError e) {
            news.add(new IllegalStateException(object + ": " + e, e));
        }
        try {
            return attempt.compile();
        } catch (RuntimeException | StackOverflowError e) {
            failed.put(object, e);
            return nothing;
        }
    }

    void forget(ObjectKey object) {
        failed.remove(object);
    }

    boolean isEmpty() { return failed.isEmpty(); }

    /** Failures since the last call. */
    List<Throwable> takeNews() {
        List<Throwable> taken = List.copyOf(news);
        news.clear();
        return taken;
    }

    void addProblems(Map<ObjectKey, List<String>> all) {
        failed.forEach((object, failure) -> all.computeIfAbsent(object, _ -> new ArrayList<>())
            .add("is left out, Weft failed on it: " + failure + "; report it, with the log"));
    }
}
