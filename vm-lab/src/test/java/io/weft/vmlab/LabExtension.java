package io.weft.vmlab;

import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.WeftNode;
import java.io.IOException;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.TestAbortedException;

/**
 * Provides a lab for all tests of a class (registered by a static field), for each of them (by an instance field), or for several classes ({@link #shared}). The lab is up before the
 * set-up methods run and is removed after the clean-up methods, whatever failed. A failed test prints the logs of the nodes. The tests skip
 * without root or a program that they need.
 */
public final class LabExtension implements BeforeAllCallback, AfterAllCallback, BeforeEachCallback, AfterEachCallback {
    private final LabPlan plan;
    private final List<String> tools;
    private final boolean shared;
    private Lab lab;
    private boolean ofClass;
    private boolean failed;

    private LabExtension(LabPlan plan, List<String> tools, boolean shared) {
        this.plan = plan;
        this.tools = tools;
        this.shared = shared;
    }

    /**
     * One worker per node, no kernel peer.
     *
     * @param prefix of the lab's name: 1 to 4 letters that no other test uses
     */
    public static LabExtension ofNodes(String prefix, int nodes) {
        return new LabExtension(new LabPlan(LabNames.unique(prefix), nodes, false, 1), List.of(), false);
    }

    public LabExtension withKernelPeer() {
        return with(new LabPlan(plan.name(), plan.weftNodes(), true, plan.workers(), plan.settings()));
    }

    /** With one more line of the nodes' configuration. */
    public LabExtension withSetting(String key, String value) {
        Map<String, String> settings = new HashMap<>(plan.settings());
        settings.put(key, value);
        return with(new LabPlan(plan.name(), plan.weftNodes(), plan.kernelPeer(), plan.workers(), settings));
    }

    public LabExtension withWorkers(int workers) {
        return with(new LabPlan(plan.name(), plan.weftNodes(), plan.kernelPeer(), workers, plan.settings()));
    }

    /** Adds programs without which the tests skip. */
    public LabExtension needing(String... programs) {
        return new LabExtension(plan, List.of(programs), shared);
    }

    private LabExtension with(LabPlan changed) {
        return new LabExtension(changed, tools, shared);
    }

    /**
     * One lab for all classes that register this extension, or one that {@link #needing} made of it. Between two of them it is {@linkplain Lab#empty
     * emptied}; a class with another lab or cluster ends it.
     */
    public LabExtension shared() {
        return new LabExtension(plan, tools, true);
    }

    public Lab lab() {
        return lab;
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        ofClass = true;
        bringUp(context);
    }

    @Override
    public void beforeEach(ExtensionContext context) throws Exception {
        if (!ofClass) {
            bringUp(context);
        }
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        printLogsOfFailure(context);
        failed |= context.getExecutionException().isPresent();
        if (!ofClass) {
            takeDown(context);
        }
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        if (ofClass) {
            printLogsOfFailure(context);
            failed |= context.getExecutionException().isPresent();
            takeDown(context);
        }
    }

    private void bringUp(ExtensionContext context) throws Exception {
        Requirements.root();
        tools.forEach(Requirements::tool);
        failed = false;
        if (shared) {
            lab = SharedLab.of(plan, context);
        } else {
            SharedLab.end(context);
            lab = Lab.up(plan);
        }
    }

    private void takeDown(ExtensionContext context) throws Exception {
        Lab used = lab;
        lab = null;
        if (used == null) { return; }
        if (!shared) {
            used.close();
        } else if (failed) {
            SharedLab.end(context); // whatever the failed test has left
        } else {
            used.empty();
        }
    }

    private void printLogsOfFailure(ExtensionContext context) {
        Throwable failure = context.getExecutionException().orElse(null);
        if (lab == null || failure == null || failure instanceof TestAbortedException) { return; }
        for (WeftNode node : lab.nodes()) {
            System.out.println("log of " + node.name() + " when " + context.getDisplayName() + " failed:");
            System.out.println(text(node));
        }
    }

    private static String text(WeftNode node) {
        try {
            return Files.readString(node.log());
        } catch (IOException e) {
            return "not readable: " + e.getMessage();
        }
    }
}
