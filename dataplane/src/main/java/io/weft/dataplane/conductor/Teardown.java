package io.weft.dataplane.conductor;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Deque;

/** Steps that undo the set-up, in reverse order; a step that fails does not prevent the others. Thread: one. */
final class Teardown implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Teardown.class.getName());

    private final Deque<Step> steps = new ArrayDeque<>();

    private record Step(String name, Runnable action) {
    }

    void add(String name, Runnable action) {
        steps.push(new Step(name, action));
    }

    @Override
    public void close() {
        for (Step step : steps) {
            try {
                step.action.run();
            } catch (RuntimeException e) {
                LOG.log(Level.WARNING, "closing {0}: {1}", step.name, e.getMessage());
            }
        }
        steps.clear();
    }
}
