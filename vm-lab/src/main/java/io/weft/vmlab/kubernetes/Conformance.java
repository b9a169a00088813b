package io.weft.vmlab.kubernetes;

import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.vmlab.lab.LabPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/** Runs Kubernetes' own end-to-end tests against the cluster of a lab that is up. */
public final class Conformance {
    private static final String REPORT = "junit_01.xml"; // as e2e.test names it
    private static final String SKIPPED = "skipped";
    /** The reason why a spec that was not selected is skipped; others have more to say. */
    private static final String NOT_SELECTED = "skipped";
    private final LabPlan lab;
    private final KubernetesBinaries binaries;

    /** @param binaries with the tests */
    public Conformance(LabPlan lab, KubernetesBinaries binaries) {
        this.lab = lab;
        this.binaries = binaries;
    }

    /** What became of one spec. */
    public enum Verdict {
        PASSED, FAILED,
        /** It began, and found that the cluster lacks something. */
        SKIPPED
    }

    /**
     * A spec that was selected.
     *
     * @param reason its first line; empty if it passed
     */
    public record Spec(String name, Verdict verdict, double seconds, String reason) {}

    /**
     * Runs the specs whose names match, one after the other; their output goes to standard output.
     *
     * @param focus regular expression of Go
     * @param skip regular expression; empty for none
     * @return the specs that were selected, in order
     */
    public List<Spec> run(String focus, String skip) throws Exception {
        return run(focus, skip, ProcessBuilder.Redirect.INHERIT);
    }

    /** Like {@link #run(String, String)}, with the output in a file. */
    public List<Spec> run(String focus, String skip, Path log) throws Exception {
        return run(focus, skip, ProcessBuilder.Redirect.to(log.toFile()));
    }

    private List<Spec> run(String focus, String skip, ProcessBuilder.Redirect output) throws Exception {
        Path kubectl = Cluster.kubectl(lab).orElseThrow(
            () -> new IOException("lab '" + lab.name() + "' has no Kubernetes: ./weft lab up --kubernetes"));
        Path reports = Files.createDirectories(lab.directory().resolve("conformance"));
        Files.deleteIfExists(reports.resolve(REPORT));
        List<String> arguments = new ArrayList<>(List.of("--provider=local", "--disable-log-dump",
            "--kubeconfig=" + ControlPlane.administrator(lab), "--kubectl-path=" + kubectl,
            "--report-dir=" + reports, "--ginkgo.focus=" + focus, "--ginkgo.no-color"));
        if (!skip.isEmpty()) {
            arguments.add("--ginkgo.skip=" + skip);
        }
        Path namespace = NetworkNamespace.named(ControlPlane.host(lab).namespace());
        Process tests = NetworkNamespace.call(namespace,
            binaries.endToEndTests(arguments).builder().redirectErrorStream(true).redirectOutput(output)::start);
        int exit = tests.waitFor();
        if (!Files.exists(reports.resolve(REPORT))) {
            throw new IOException("e2e.test ended with " + exit + " and without a report");
        }
        return specs(reports.resolve(REPORT));
    }

    /** Reads a report of e2e.test, in the format of JUnit. */
    static List<Spec> specs(Path report) throws IOException {
        List<Spec> specs = new ArrayList<>();
        NodeList cases = cases(report);
        for (int i = 0; i < cases.getLength(); i++) {
            Element spec = (Element) cases.item(i);
            if (spec.getAttribute("name").startsWith("[It]") && !NOT_SELECTED.equals(message(spec, SKIPPED))) {
                specs.add(spec(spec));
            }
        }
        return specs;
    }

    private static Spec spec(Element spec) {
        String failure = message(spec, "failure");
        String skipped = message(spec, SKIPPED);
        Verdict verdict = failure != null ? Verdict.FAILED : skipped != null ? Verdict.SKIPPED : Verdict.PASSED;
        String reason = failure != null ? failure : skipped != null ? skipped : "";
        return new Spec(spec.getAttribute("name").substring("[It] ".length()), verdict,
            Double.parseDouble(spec.getAttribute("time")), reason.lines().findFirst().orElse(""));
    }

    /** Null without such a result. */
    private static String message(Element spec, String result) {
        Element found = (Element) spec.getElementsByTagName(result).item(0);
        return found == null ? null : found.getAttribute("message");
    }

    private static NodeList cases(Path report) throws IOException {
        try {
            return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(report.toFile())
                .getElementsByTagName("testcase");
        } catch (ParserConfigurationException | SAXException e) {
            throw new IOException("cannot read " + report, e);
        }
    }
}
