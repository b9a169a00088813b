package io.weft.controlplane.compiler;

import io.weft.controlplane.model.ObjectKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Objects on which the compiler failed unexpectedly, twice in a row: they are left out, all others are compiled. A failure that does not
 * recur is only counted. One thread.
 */
final class ObjectFailures {
    private final Map<ObjectKey, Throwable> failed = new TreeMap<>();
    private final List<Throwable> news = new ArrayList<>();

    /** Compiles one object by itself. */
    @FunctionalInterface
    interface Attempt<T> {
        T compile() throws UnusableObjectException;
    }

    /** @return the result for the object, or {@code nothing} if the attempt fails */
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
            .add("is left out because Weft failed on it: " + failure + "; report it, with the log"));
    }
}
