package io.weft.vmlab;

import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.LabPlan;
import java.io.IOException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;

/** The lab of several test classes, of which there is at most one: it lasts until a class uses another lab or the run ends. */
final class SharedLab implements AutoCloseable {
    private final LabPlan plan;
    private final Lab lab;

    private SharedLab(LabPlan plan) throws Exception {
        this.plan = plan;
        lab = Lab.up(plan);
    }

    /** The lab of {@code plan}: the running one if it has this plan, else a new one, for which the running one ends. */
    static Lab of(LabPlan plan, ExtensionContext context) throws Exception {
        SharedLab running = store(context).get(SharedLab.class, SharedLab.class);
        if (running == null || !running.plan.equals(plan)) {
            end(context);
            running = new SharedLab(plan);
            store(context).put(SharedLab.class, running); // JUnit closes it at the end of the run
        }
        return running.lab;
    }

    /** Ends the lab that runs, if one does. */
    static void end(ExtensionContext context) throws IOException {
        SharedLab running = store(context).remove(SharedLab.class, SharedLab.class);
        if (running != null) {
            running.close();
        }
    }

    private static Store store(ExtensionContext context) {
        return context.getRoot().getStore(Namespace.create(SharedLab.class));
    }

    @Override
    public void close() throws IOException {
        lab.close();
    }
}
