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
    private final LabPlan lab;
    private final KubernetesBinaries binaries;

    /** @param binaries with the tests */
    public Conformance(LabPlan lab, KubernetesBinaries binaries) {
        this.lab = lab;
        this.binaries = binaries;
    }

    /** What became of one spec. */
    public enum Verdict { PASSED, FAILED }

    /**
     * A spec that ran.
     *
     * @param failure the first line of the reason; empty if it passed
     */
    public record Spec(String name, Verdict verdict, double seconds, String failure) {}

    /**
     * Runs the specs whose names match, one after the other; their output goes to standard output.
     *
     * @param focus regular expression of Go
     * @param skip regular expression; empty for none
     * @return the specs that ran, in order
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
            if (spec.getAttribute("name").startsWith("[It]") && spec.getElementsByTagName("skipped").getLength() == 0) {
                specs.add(spec(spec));
            }
        }
        return specs;
    }

    private static Spec spec(Element spec) {
        NodeList failures = spec.getElementsByTagName("failure");
        boolean failed = failures.getLength() > 0;
        String reason = failed ? ((Element) failures.item(0)).getAttribute("message") : "";
        return new Spec(spec.getAttribute("name").substring("[It] ".length()),
            failed ? Verdict.FAILED : Verdict.PASSED, Double.parseDouble(spec.getAttribute("time")),
            reason.lines().findFirst().orElse(""));
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
