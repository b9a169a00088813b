package io.weft.perf.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Which figures of Weft are compared with which of another system, and the goal. */
record Match(Workload weft, String peer, Workload peerWorkload, boolean oneFlow, Double goal) {
    private static final List<Match> ALL = List.of(
        new Match(Workload.DNAT_VXLAN, "linux", Workload.DNAT_VXLAN, false, 2.5),
        new Match(Workload.DNAT_VXLAN, "linux", Workload.DNAT_VXLAN, true, null),
        new Match(Workload.DNAT_VXLAN, "linux", Workload.DNAT, false, null),
        new Match(Workload.VXLAN, "linux", Workload.VXLAN, false, null),
        new Match(Workload.FORWARD, "linux", Workload.FORWARD, false, null),
        new Match(Workload.DNAT_VXLAN, "floor", Workload.FORWARD, false, 0.90),
        new Match(Workload.FORWARD, "floor", Workload.FORWARD, false, null),
        new Match(Workload.DNAT_VXLAN, "ovs", Workload.VXLAN, false, 1.2),
        new Match(Workload.DNAT_VXLAN, "testpmd", Workload.FORWARD, false, 1.0));

    static List<Ratio> ratios(List<Series> series) {
        List<Ratio> ratios = new ArrayList<>();
        for (Match match : ALL) {
            Optional<Series> own = match.find(series, "weft", match.weft);
            Optional<Series> other = match.find(series, match.peer, match.peerWorkload);
            if (own.isPresent() && other.isPresent()) {
                Ratio.of(own.get(), other.get(), match.goal).ifPresent(ratios::add);
            }
        }
        return ratios;
    }

    private Optional<Series> find(List<Series> series, String system, Workload workload) {
        return series.stream()
            .filter(one -> one.system().equals(system) && one.workload() == workload)
            .filter(one -> (one.flows() == 1) == oneFlow)
            .findFirst();
    }
}
