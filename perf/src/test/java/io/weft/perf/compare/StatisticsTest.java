package io.weft.perf.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.perf.result.Spread;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StatisticsTest {
    private static final double EXACT = 1e-12;

    @Test
    void ratiosAreTakenRoundByRoundWithoutTheOverload() {
        Series weft = series("weft", Workload.DNAT_VXLAN, 9, 2, 4, 6);
        Series linux = series("linux", Workload.DNAT_VXLAN, 1, 1, 1, 3);
        Ratio ratio = Ratio.of(weft, linux, 2.5).orElseThrow();
        assertEquals(Spread.of(2, 4, 2), ratio.ratio());
        assertEquals("weft dnat-vxlan 64 flows", ratio.weft());
    }

    @Test
    void aRoundThatOnePeerMissedIsLeftOut() {
        Ratio ratio = Ratio
            .of(series("weft", Workload.FORWARD, 9, 2, 4, 6), series("floor", Workload.FORWARD, 1, 1), null)
            .orElseThrow();
        assertEquals(Spread.of(2), ratio.ratio());
    }

    @Test
    void comparesWorkloadsThatThePeerSupports() {
        List<Ratio> ratios = Match
            .ratios(List.of(series("weft", Workload.DNAT_VXLAN, 1, 2), series("ovs", Workload.VXLAN, 1, 1),
                series("testpmd", Workload.FORWARD, 1, 4)));
        assertEquals(List.of("ovs vxlan 64 flows", "testpmd forward 64 flows"),
            ratios.stream().map(Ratio::peer).toList());
        assertEquals(0.5, ratios.getLast().ratio().median(), EXACT);
        assertEquals(1.2, ratios.getFirst().goal(), EXACT);
    }

    @Test
    void aSampleIsDisturbedWhenOtherProcessesUsedTheCores() {
        assertFalse(sample(1, 1, 1.1).disturbed());
        assertTrue(sample(1, 1, 1.9).disturbed());
    }

    @Test
    void readsACoresLineOfProcStat() {
        String stat = "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 10 20 30 40 50 60 70 80 90 100\ncpu1 1 1 1 1 1 1 1 1 1 1\nintr 5\n";
        assertEquals(70, CpuTime.parse(stat, 0)[6]);
        assertThrows(IllegalArgumentException.class, () -> CpuTime.parse(stat, 2));
    }

    @Test
    void serviceRulesetHasAChainForEachEndpoint() {
        String rules = KernelSystem.ruleset(List.of("10.244.21.20", "10.244.21.21"));
        assertTrue(rules.contains("numgen random mod 2 vmap { 0 : goto endpoint-0, 1 : goto endpoint-1 }"), rules);
        assertTrue(rules.contains("dnat to 10.244.21.21:8080"), rules);
    }

    /** The first figure is that of the overload sample. */
    static Series series(String system, Workload workload, double... mppsPerCore) {
        return new Series(system, workload, 64,
            IntStream.range(0, mppsPerCore.length).mapToObj(round -> sample(round, mppsPerCore[round], 1)).toList());
    }

    private static Sample sample(int round, double mppsPerCore, double coreSecondsByIdle) {
        return new Sample(round, round == 0, 2, mppsPerCore, 1, coreSecondsByIdle, 0.1, mppsPerCore, 0.05, 1, 32);
    }
}
