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
 * Provides a lab for all tests of a class (registered by a static field) or for each of them (by an instance field). The lab is up before the
 * set-up methods run and is removed after the clean-up methods, whatever failed. A failed test prints the logs of the nodes. The tests skip
 * without root or a program that they need.
 */
final class LabExtension implements BeforeAllCallback, AfterAllCallback, BeforeEachCallback, AfterEachCallback {
    private final LabPlan plan;
    private final List<String> tools;
    private Lab lab;
    private boolean ofClass;

    private LabExtension(LabPlan plan, List<String> tools) {
        this.plan = plan;
        this.tools = tools;
    }

    /**
     * One worker per node, no kernel peer.
     *
     * @param prefix of the lab's name: 1 to 4 letters that no other test uses
     */
    static LabExtension ofNodes(String prefix, int nodes) {
        return new LabExtension(new LabPlan(LabNames.unique(prefix), nodes, false, 1), List.of());
    }

    LabExtension withKernelPeer() {
        return new LabExtension(new LabPlan(plan.name(), plan.weftNodes(), true, plan.workers()), tools);
    }

    /** With one more line of the nodes' configuration. */
    LabExtension withSetting(String key, String value) {
        Map<String, String> settings = new HashMap<>(plan.settings());
        settings.put(key, value);
        return new LabExtension(
            new LabPlan(plan.name(), plan.weftNodes(), plan.kernelPeer(), plan.workers(), settings), tools);
    }

    LabExtension withWorkers(int workers) {
        return new LabExtension(new LabPlan(plan.name(), plan.weftNodes(), plan.kernelPeer(), workers), tools);
    }

    /** Adds programs without which the tests skip. */
    LabExtension needing(String... programs) {
        return new LabExtension(plan, List.of(programs));
    }

    Lab lab() {
        return lab;
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        ofClass = true;
        bringUp();
    }

    @Override
    public void beforeEach(ExtensionContext context) throws Exception {
        if (!ofClass) {
            bringUp();
        }
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        printLogsOfFailure(context);
        if (!ofClass) {
            takeDown();
        }
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        if (ofClass) {
            printLogsOfFailure(context);
            takeDown();
        }
    }

    private void bringUp() throws Exception {
        Requirements.root();
        tools.forEach(Requirements::tool);
        lab = Lab.up(plan);
    }

    private void takeDown() throws IOException {
        if (lab != null) {
            lab.close();
            lab = null;
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
