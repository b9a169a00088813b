package io.weft.vmlab;

import io.weft.vmlab.net.NamespaceThread;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The kernel's own protocol counters inside a network namespace, from /proc/net/snmp. */
final class PodCounters {
    private PodCounters() {}

    /** @return the counter {@code name} of {@code protocol}, such as {@code Tcp} and {@code InCsumErrors} */
    static long snmp(NamespaceThread pod, String protocol, String name) throws Exception {
        List<String> lines = pod.call(() -> Files.readAllLines(Path.of("/proc/thread-self/net/snmp"))).stream()
            .filter(line -> line.startsWith(protocol + ":"))
            .toList();
        List<String> names = List.of(lines.getFirst().split(" "));
        return Long.parseLong(lines.getLast().split(" ")[names.indexOf(name)]);
    }

    /** Bad TCP and UDP checksums seen by the pod's kernel so far. */
    static long checksumErrors(NamespaceThread pod) throws Exception {
        return snmp(pod, "Tcp", "InCsumErrors") + snmp(pod, "Udp", "InCsumErrors");
    }
}
