package io.weft.perf.compare;

import io.weft.nativebindings.process.ExternalCommand;
import io.weft.nativebindings.process.Programs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** DPDK's {@code dpdk-testpmd} with its AF_XDP driver, moving frames from one device to the other. */
final class TestpmdSystem implements SystemUnderTest {
    private static final int PORT = 8080;
    /** The last text it prints before it waits for a key. */
    private static final String FORWARDS = "Press enter to exit";

    @Override
    public String name() {
        return "testpmd";
    }

    @Override
    public Optional<String> missing() {
        return Programs.missing("dpdk-testpmd", "stdbuf", "taskset", "ip");
    }

    @Override
    public List<Workload> workloads() {
        return List.of(Workload.FORWARD);
    }

    @Override
    public Scene setUp(Workload workload, String id, Cores cores) throws Exception {
        VethLab lab = VethLab.create(id);
        Path log = Files.createTempFile("weft-testpmd", ".log");
        try {
            String both = cores.generator() + "," + cores.system();
            ExternalCommand testpmd = ExternalCommand.of("dpdk-testpmd", "--no-huge", "-m", "512",
                "--no-pci", "--no-shconf", "-l", both, "--main-lcore", Integer.toString(cores.generator()), "--vdev",
                "net_af_xdp0,iface=" + lab.near(), "--vdev", "net_af_xdp1,iface=" + lab.far(), "--",
                "--forward-mode=io", "--auto-start", "--nb-cores=1", "--burst=64", "--total-num-mbufs=8192",
                "--stats-period", "0").under("taskset", "-c", both).under("stdbuf", "-oL").inNamespace(lab.node());
            Process process = testpmd.builder().redirectErrorStream(true).redirectOutput(log.toFile()).start();
            ProcessScene scene = new ProcessScene(workload, lab, process, lab.ingress(VethLab.SINK, PORT),
                lab.egress(PORT, false)).with(() -> Files.delete(log));
            try {
                scene.await("forwarding", () -> Files.readString(log).contains(FORWARDS));
            } catch (Exception e) {
                scene.close();
                throw e;
            }
            return scene;
        } catch (Exception e) {
            lab.close();
            throw e;
        }
    }
}
