package io.weft.vmlab;

import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.Neighbour;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.vmlab.lab.Pod;
import java.nio.file.Path;

/** Ethernet addresses for frames that tests write. */
public final class Macs {
    private Macs() {}

    public static long of(Path namespace, String device) {
        try (Rtnetlink links = Rtnetlink.openIn(namespace)) {
            return links.link(device).map(Link::mac).orElseThrow();
        }
    }

    /** The gateway's address, which the pod knows once it has sent a packet. */
    public static long ofGateway(Pod pod) {
        try (Rtnetlink inPod = Rtnetlink.openIn(pod.netns())) {
            return inPod.neighbours(inPod.link("eth0").orElseThrow().index()).stream().mapToLong(Neighbour::mac)
                .filter(mac -> mac != 0).findFirst().orElseThrow();
        }
    }
}
