package io.weft.vmlab;

import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Underlay;

/** Counts frames that leave a node with a pod's own source address outside a tunnel. */
final class PodAddressWatch implements AutoCloseable {
    private final Process tcpdump;

    PodAddressWatch(Underlay underlay, LabPlan.Host host) throws Exception {
        tcpdump = NetworkNamespace.call(
            underlay.namespace(),
            new ProcessBuilder("tcpdump", "-l", "-n", "-i", Underlay.portOf(host), "-Q", "in", "src", "net",
                host.podCidr())
                .redirectError(ProcessBuilder.Redirect.DISCARD)::start);
    }

    /** Ends the watch and tells what it saw. */
    long frames() throws InterruptedException {
        tcpdump.destroy();
        tcpdump.waitFor();
        return tcpdump.inputReader().lines().count();
    }

    @Override
    public void close() throws InterruptedException {
        tcpdump.destroy();
        tcpdump.waitFor();
    }
}
