package io.weft.vmlab;

import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Underlay;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A capture of what one host sends into the underlay, judged afterwards by tshark's dissectors. */
final class UnderlayCapture implements AutoCloseable {
    private final Path file = Files.createTempFile("weft-underlay", ".pcap");
    private final Process tcpdump;

    /** Captures what {@code host} sends: the frames that come in at the bridge's port towards it. */
    UnderlayCapture(Underlay underlay, LabPlan.Host host) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
            "tcpdump", "-i", Underlay.portOf(host), "-Q", "in", "-B", "131072", "-s", "0", "-U", "-Z", "root",
            "-w", file.toString(), "udp", "port", "8472")
            .redirectErrorStream(true);
        tcpdump = NetworkNamespace.call(underlay.namespace(), builder::start);
        awaitListening();
    }

    private void awaitListening() throws IOException {
        var reader = tcpdump.inputReader();
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            if (line.contains("listening on")) { return; }
        }
        throw new IOException("tcpdump ended before it listened");
    }

    /** Ends the capture; the file stays until {@link #close}. */
    void stop() throws InterruptedException {
        tcpdump.destroy();
        tcpdump.waitFor();
    }

    /** Frames that {@code filter}, in tshark's language, selects; all checksums are checked, 8472 is VXLAN. */
    long count(String filter) throws Exception {
        Process tshark = new ProcessBuilder(List.of(
            "tshark", "-r", file.toString(), "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE",
            "-o", "udp.check_checksum:TRUE", "-d", "udp.port==8472,vxlan", "-Y", filter, "-T", "fields", "-e",
            "frame.number"))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
        String output = new String(tshark.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (tshark.waitFor() != 0) { throw new IOException("tshark failed on filter " + filter); }
        return output.lines().count();
    }

    @Override
    public void close() throws Exception {
        stop();
        Files.deleteIfExists(file);
    }
}
