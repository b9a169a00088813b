package io.weft.controlplane.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.controlplane.compiler.OwnNode;
import io.weft.controlplane.source.SourceStatus;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NodeFindingsTest {
    private static final Instant START = Instant.parse("2026-11-29T10:00:00Z");
    private static final SourceStatus FRESH = new SourceStatus("api", true, Optional.empty(), "", List.of());
    private static final OwnNode WELL = new OwnNode(Optional.empty(), Optional.empty(), "", 1, "");

    private final NodeFindings findings = new NodeFindings(START);

    @Test
    void aDataplaneIsDownAfterMoreThanARestart() {
        assertEquals(List.of(), lasting(WELL, FRESH, state(0), 14));
        assertEquals(List.of("DATAPLANE_DOWN"), lasting(WELL, FRESH, state(0), 16));
        assertEquals(List.of(), lasting(WELL, FRESH, state(5), 17));
        assertEquals(List.of(), lasting(WELL, FRESH, state(0), 31));
        assertEquals(List.of("DATAPLANE_DOWN"), lasting(WELL, FRESH, state(0), 33));
    }

    @Test
    void aSourceIsStaleAfterAMinute() {
        SourceStatus stale = new SourceStatus("api", true, Optional.of(START), "refused", List.of());
        assertEquals(List.of(), lasting(WELL, stale, state(5), 59));
        assertEquals(List.of("STALE_CLUSTER_STATE"), lasting(WELL, stale, state(5), 61));
    }

    @Test
    void aFaultOfTheLoopAndAnUnusableNodeAreReported() {
        OwnNode wrong = new OwnNode(Optional.empty(), Optional.empty(), "no podCIDR", 1, "stuck");
        assertEquals(List.of("INVALID_NODE", "STALE_TABLES"), lasting(wrong, FRESH, state(5), 0));
    }

    @Test
    void frontendsThatAreLeftOutAreReportedWhileADataplaneRuns() {
        assertEquals(List.of("FRONTENDS_LEFT_OUT"),
            lasting(WELL, FRESH, new DataplaneState(true, true, 5, "eth1", "zero-copy", "", "3 are not served"), 0));
        assertEquals(List.of(),
            lasting(WELL, FRESH, new DataplaneState(false, true, 5, "eth1", "zero-copy", "", "3 are not served"), 0));
    }

    @Test
    void newsIsReportedOncePerProcess() {
        assertEquals(List.of(), news(state(0)));
        DataplaneState generic = new DataplaneState(true, true, 5, "eth1", "generic", "no driver support", "");
        assertEquals(List.of("Weft forwards the traffic of this node's pods",
            "uplink eth1 runs in generic mode: no driver support"), news(generic));
        assertEquals(List.of(), news(generic));
        assertEquals(List.of(), news(state(0)));
        assertEquals(List.of("process 6 runs in place of process 5"), news(state(6)));
        assertEquals(List.of(), news(state(6)));
    }

    /** @param pid 0: none runs */
    private static DataplaneState state(long pid) {
        return new DataplaneState(pid != 0, false, pid, "eth1", "zero-copy", "", "");
    }

    private List<String> lasting(OwnNode own, SourceStatus source, DataplaneState state, long second) {
        return findings.lasting(own, source, state, START.plusSeconds(second)).stream()
            .map(finding -> finding.reason().name()).toList();
    }

    private List<String> news(DataplaneState state) {
        return findings.news(state).stream().map(Finding::message).toList();
    }
}
