package io.weft.vmlab.kubernetes;

import io.weft.nativebindings.netlink.MountNamespace;
import io.weft.nativebindings.netlink.UtsNamespace;
import io.weft.vmlab.lab.LabPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * The parts of the file system that each node of a cluster has for itself, so that every node can use the usual paths, as on a machine of
 * its own, and nothing of it stays on this machine.
 */
final class NodeFiles {
    private static final Path SYSCTL = Path.of("/proc/sys");
    /** What the kubelet sets otherwise, for the whole machine. */
    private static final Map<String, String> KUBELET_SYSCTLS = Map.of(
        "vm/overcommit_memory", "1", "vm/panic_on_oom", "0", "kernel/panic", "10", "kernel/panic_on_oops", "1",
        "kernel/keys/root_maxkeys", "1000000", "kernel/keys/root_maxbytes", "25000000");
    private final LabPlan lab;
    private final LabPlan.Host host;
    private final Path root;

    NodeFiles(LabPlan lab, LabPlan.Host host) {
        this.lab = lab;
        this.host = host;
        root = lab.storage().resolve(host.name());
    }

    /**
     * Gives the calling thread, and processes that it starts, a {@code /run}, {@code /var/lib} and {@code /var/log} of their own, in which
     * only the lab's files appear, copies of the kernel parameters that a kubelet sets, and the node's host name.
     */
    void enter() throws IOException {
        UtsNamespace.unshare(host.name());
        MountNamespace.unshare();
        replace(Path.of("/run"), lab.directory().getParent());
        replace(Path.of("/var/lib"), lab.storage().getParent());
        replace(Path.of("/var/log"), null);
        for (Map.Entry<String, String> sysctl : KUBELET_SYSCTLS.entrySet()) {
            Path copy = root.resolve("sysctl").resolve(sysctl.getKey());
            Files.createDirectories(copy.getParent());
            Files.writeString(copy, sysctl.getValue() + "\n");
            MountNamespace.bind(copy, SYSCTL.resolve(sysctl.getKey()));
        }
    }

    /** @param kept a directory in {@code directory} that stays visible, or null */
    private void replace(Path directory, Path kept) throws IOException {
        Path own = Files.createDirectories(outside(directory));
        if (kept != null) {
            MountNamespace.bind(kept, Files.createDirectories(own.resolve(directory.relativize(kept))));
        }
        MountNamespace.bind(own, directory);
    }

    /** Where a path of the node is for processes outside it. */
    Path outside(Path path) {
        return root.resolve(Path.of("/").relativize(path));
    }

    /** A directory of this node that has the same path inside and outside. */
    Path shared(String name) throws IOException {
        return Files.createDirectories(root.resolve(name));
    }
}
