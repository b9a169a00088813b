package io.weft.vmlab.demo;

import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Privileges;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weft demo}: sets up a cluster, drives real traffic over every path, prints a verdict for each, and removes the cluster. */
@Command(name = "demo", description = "Set up a cluster on this machine, drive real traffic through it, and judge every path", mixinStandardHelpOptions = true)
public final class DemoCommand implements Callable<Integer> {
    /** A part to break on purpose, to see that the demo notices. */
    enum Breakage { backend, tunnel }

    @Spec private CommandSpec spec;

    @Option(names = "--name", defaultValue = "demo", description = "name of the lab, to run two demos at once (default: ${DEFAULT-VALUE})") private String name;

    @Option(names = "--mebibytes", defaultValue = "128", description = "content in each direction of every TCP bulk path (default: ${DEFAULT-VALUE})") private int mebibytes;

    @Option(names = "--workers", defaultValue = "1", description = "dataplane workers per node (default: ${DEFAULT-VALUE})") private int workers;

    @Option(names = "--break", paramLabel = "WHAT", description = "break one thing on purpose: ${COMPLETION-CANDIDATES}") private Breakage breakage;

    @Option(names = "--kubernetes", description = "in a real Kubernetes: pods by name, cluster DNS, a rolling update under load; without the other options but --name") private boolean kubernetes;

    @Override
    public Integer call() throws Exception {
        Privileges.requireRoot("weft demo");
        PrintWriter out = spec.commandLine().getOut();
        LabPlan plan = kubernetes ? KubernetesDemo.plan(name).lab() : new LabPlan(name, 2, true, workers);
        // nothing is left behind, whatever ends the demo, even Ctrl-C
        Thread cleaner = new Thread(() -> takeDown(plan), "demo-clean-up");
        Runtime.getRuntime().addShutdownHook(cleaner);
        List<PathResult> results = kubernetes
            ? new KubernetesDemo(KubernetesDemo.plan(name), out).run()
            : run(plan, out);
        ResultTable.print(out, results);
        out.flush();
        Runtime.getRuntime().removeShutdownHook(cleaner);
        return results.stream().allMatch(PathResult::passed) ? 0 : 1;
    }

    private List<PathResult> run(LabPlan plan, PrintWriter out) throws Exception {
        List<PathResult> results = new ArrayList<>();
        out.println("setting up nodes n1 and n2 (Weft), k1 (Linux as flannel sets it up) and an outside host …");
        out.flush();
        try (Lab lab = Lab.up(plan);
            DemoCluster cluster = new DemoCluster(lab)) {
            breakOnPurpose(cluster, out);
            try (LiveView view = LiveView.start(lab, out)) {
                for (DemoPath path : new DemoPaths(cluster, (long) mebibytes << 20).all()) {
                    view.show(path.name());
                    PathResult result = path.run();
                    results.add(result);
                    view.done(result);
                }
            }
            NodeTotals.print(lab, out);
        }
        return results;
    }

    private void breakOnPurpose(DemoCluster cluster, PrintWriter out) throws Exception {
        switch (breakage) {
            case null -> {}
            case backend -> {
                out.println(
                    "broken on purpose: web server " + cluster.web.getLast().name() + " is dead but still an endpoint");
                cluster.web.getLast().close();
            }
            case tunnel -> {
                out.println("broken on purpose: UDP port 8472 from n2 is blocked on the underlay");
                cluster.lab.underlay().blockTunnelFrom(cluster.lab.node("n2").host());
            }
        }
    }

    private static void takeDown(LabPlan plan) {
        try {
            Lab.downIfOwn(plan);
        } catch (java.io.IOException e) {
            System.err.println("weft: cannot remove lab '" + plan.name() + "': " + e.getMessage());
        }
    }
}
