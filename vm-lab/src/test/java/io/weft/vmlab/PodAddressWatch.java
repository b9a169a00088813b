package io.weft.vmlab;

import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Underlay;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Lists frames that leave a node with a pod's own source address outside a tunnel. */
final class PodAddressWatch implements AutoCloseable {
    private final Path seen = Files.createTempFile("weft-leaks", ".txt");
    private final Process tcpdump;

    PodAddressWatch(Underlay underlay, LabPlan.Host host) throws Exception {
        ProcessBuilder builder = ExternalCommand.of("tcpdump", "-l", "-n", "-i", Underlay.portOf(host), "-Q", "in",
            "src", "net", host.podCidr())
            .builder().redirectOutput(seen.toFile());
        tcpdump = NetworkNamespace.call(underlay.namespace(), builder::start);
        try (var messages = tcpdump.errorReader()) {
            while (!messages.readLine().contains("listening on")) {
                // tcpdump's version and notices
            }
        }
    }

    /** Ends the watch and returns the frames seen, one line each. */
    List<String> frames() throws Exception {
        tcpdump.destroy();
        tcpdump.waitFor();
        return Files.readAllLines(seen).stream().filter(line -> !line.isBlank()).toList();
    }

    @Override
    public void close() throws IOException {
        tcpdump.destroy();
        Files.deleteIfExists(seen);
    }
}
