package io.weft.perf.change;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.nativebindings.linux.Capabilities;
import io.weft.nativebindings.linux.Capability;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Runs the benchmark with small numbers. {@link ChangeRun#measure} itself checks which flows have ended and which have not. */
class ChangeRunTest {
    private static final int SERVICES = 100;
    private static final int ENDPOINTS = 15;

    @Test
    void flowsOfRemovedEndpointsEndAndNoOthers() throws Exception {
        boolean allowed = Capabilities.missing(Capability.CAP_SYS_ADMIN, Capability.CAP_NET_ADMIN, Capability.CAP_BPF)
            .isEmpty();
        if (!allowed) {
            System.out.println("skipped: needs root");
        }
        assumeTrue(allowed, "needs root: creates a network namespace and AF_XDP sockets");
        String name = "chg" + ProcessHandle.current().pid();
        try (ChangeRun run = ChangeRun.prepare(name, new BenchCluster(SERVICES, ENDPOINTS), 10_000,
            false)) {
            ChangeRun.Report report = run.measure(100, 10, 50_000);
            assertEquals(1000, report.changes());
            assertEquals(10_000, report.flowsBefore());
            assertTrue(report.flowsEnded() > 0, report.toString());
            assertTrue(report.traffic().delivered() > 0, report.toString());
            assertEquals(0, report.traffic().wrong());
            assertTrue(report.traffic().sent() >= report.traffic().delivered(), report.toString());
            assertTrue(report.conductorPercent() > 0 && report.controlPercent() > 0, report.toString());
        }
    }

    @Test
    void eachChangeTakesOneEndpointOutOfAServiceOrBack() {
        BenchCluster cluster = new BenchCluster(SERVICES, ENDPOINTS);
        Set<Integer> out = new HashSet<>();
        for (int i = 0; i < 10 * SERVICES; i++) {
            BenchCluster.Change change = cluster.next();
            assertEquals(change.removes(), out.add(change.service()));
            if (!change.removes()) {
                out.remove(change.service());
            }
            int left = ENDPOINTS - (change.removes() ? 1 : 0);
            assertEquals(left, change.slice().endpoints().size());
            List<Integer> addresses = new ArrayList<>();
            change.slice().endpoints()
                .forEach(endpoint -> endpoint.addresses().forEach(address -> addresses.add(address.toInt())));
            assertEquals(!change.removes(),
                addresses.contains(cluster.address(change.service(), change.endpoint())));
        }
        assertEquals(0, out.size() % 2, "every Service has changed as often as the others");
    }
}
