package io.weft.vmlab;

import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Underlay;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A capture of the packets that one host sends into the underlay, analysed by tshark's dissectors. */
final class UnderlayCapture implements AutoCloseable {
    private static final String BAD = "0"; // tshark's PROTO_CHECKSUM_E_BAD
    private static final int SETTLED_MILLIS = 2000;

    private final Path file = Files.createTempFile("weft-underlay", ".pcap");
    private final Process tcpdump;

    /** Starts to capture the frames that {@code host} sends, which arrive at the bridge's port towards it. */
    UnderlayCapture(Underlay underlay, LabPlan.Host host) throws Exception {
        ProcessBuilder builder = ExternalCommand.of(
            "tcpdump", "-i", Underlay.portOf(host), "-Q", "in", "-B", "131072", "-s", "0", "-U", "-Z", "root",
            "-w", file.toString(), "udp", "port", "8472")
            .builder().redirectErrorStream(true);
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

    /** Ends the capture once everything captured has been written; the file remains until {@link #close}. */
    void stop() throws Exception {
        awaitWritten();
        tcpdump.destroy();
        tcpdump.waitFor();
    }

    /** When tcpdump ends, it discards what it has not read; it reads a block of frames at most one second after the first frame in it. */
    private void awaitWritten() throws Exception {
        long written = -1;
        while (tcpdump.isAlive() && written != Files.size(file)) {
            written = Files.size(file);
            Thread.sleep(SETTLED_MILLIS);
        }
    }

    /** Findings of tshark's dissectors: TCP packets in the tunnel, bad inner TCP checksums, bad IPv4 checksums, malformed frames. */
    record Findings(long tunnelledTcp, long badTcp, long badIp, long malformed) {
    }

    /** tshark verifies all checksums and decodes UDP port 8472 as VXLAN. */
    Findings findings() throws Exception {
        Process tshark = ExternalCommand.of(
            "tshark", "-r", file.toString(), "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE",
            "-o", "tcp.analyze_sequence_numbers:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE",
            "-d", "udp.port==8472,vxlan", "-T", "fields", "-E", "separator=;", "-e", "tcp.checksum.status",
            "-e", "ip.checksum.status", "-e", "_ws.malformed")
            .builder().redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
        long tcp = 0;
        long badTcp = 0;
        long badIp = 0;
        long malformed = 0;
        try (var lines = tshark.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] fields = line.split(";", -1);
                tcp += fields[0].isEmpty() ? 0 : 1;
                badTcp += fields[0].contains(BAD) ? 1 : 0;
                badIp += fields[1].contains(BAD) ? 1 : 0;
                malformed += fields[2].isEmpty() ? 0 : 1;
            }
        }
        if (tshark.waitFor() != 0) { throw new IOException("tshark could not read the capture"); }
        return new Findings(tcp, badTcp, badIp, malformed);
    }

    @Override
    public void close() throws Exception {
        stop();
        Files.deleteIfExists(file);
    }
}
