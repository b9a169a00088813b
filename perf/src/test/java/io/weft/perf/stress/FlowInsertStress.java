package io.weft.perf.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.weft.encap.hash.FlowHash;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowState;
import io.weft.lb.flow.FlowTable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** Races of inserts. Results: that of each worker (1 created, 2 adopted, 3 reverse taken, 4 busy), then the number of entries in use. */
final class FlowInsertStress {
    private FlowInsertStress() {
    }

    /** Two workers insert the same flow with different backends: one choice wins. */
    @JCStressTest
    @Outcome(id = {"1, 2, 2", "2, 1, 2"}, expect = ACCEPTABLE, desc = "one inserted it, the other adopted it")
    @Outcome(id = {"1, 4, 2", "4, 1, 2"}, expect = ACCEPTABLE_INTERESTING, desc = "the winner was descheduled")
    @Outcome(id = "4, 4, 0", expect = ACCEPTABLE_INTERESTING, desc = "both were descheduled")
    @Outcome(expect = FORBIDDEN, desc = "two flows with one key, or half a flow")
    @State
    public static class SameFlowTwoBackends extends StressFlows {
        private long first;
        private long second;

        @Actor
        public void actor1(III_Result r) {
            first = insert(VIP, BACKEND, UDP, FlowState.UDP_UNREPLIED);
            r.r1 = outcome(first);
        }

        @Actor
        public void actor2(III_Result r) {
            second = insert(VIP, OTHER_BACKEND, UDP, FlowState.UDP_UNREPLIED);
            r.r2 = outcome(second);
        }

        @Arbiter
        public void arbiter(III_Result r) {
            boolean same = first < 0 || second < 0 || FlowTable.entry(first) == FlowTable.entry(second);
            r.r3 = same ? entriesWithPeers() : -1;
        }
    }

    /** Two workers insert the same flow with the same backend: they race for both keys. */
    @JCStressTest
    @Outcome(id = {"1, 2, 2", "2, 1, 2"}, expect = ACCEPTABLE, desc = "one inserted it, the other adopted it")
    @Outcome(id = {"1, 4, 2", "4, 1, 2"}, expect = ACCEPTABLE_INTERESTING, desc = "the winner was descheduled")
    @Outcome(id = "4, 4, 0", expect = ACCEPTABLE_INTERESTING, desc = "both were descheduled")
    @Outcome(expect = FORBIDDEN, desc = "two flows with one key, or half a flow")
    @State
    public static class SameFlow extends StressFlows {
        @Actor
        public void actor1(III_Result r) {
            r.r1 = outcome(insert(VIP, BACKEND, UDP, FlowState.UDP_UNREPLIED));
        }

        @Actor
        public void actor2(III_Result r) {
            r.r2 = outcome(insert(VIP, BACKEND, UDP, FlowState.UDP_UNREPLIED));
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = entriesWithPeers();
        }
    }

    /** Both ends send first: each forward key is the other's reverse key. */
    @JCStressTest
    @Outcome(id = {"1, 2, 2",
        "2, 1, 2"}, expect = ACCEPTABLE, desc = "one inserted it, the other adopted its own direction")
    @Outcome(id = {"1, 4, 2", "4, 1, 2"}, expect = ACCEPTABLE_INTERESTING, desc = "the winner was descheduled")
    @Outcome(id = "4, 4, 0", expect = ACCEPTABLE_INTERESTING, desc = "both were descheduled")
    @Outcome(expect = FORBIDDEN, desc = "two flows with one key, or half a flow")
    @State
    public static class BothEnds extends StressFlows {
        @Actor
        public void actor1(III_Result r) {
            r.r1 = outcome(insertPlain(CLIENT, CLIENT_PORT, BACKEND, BACKEND_PORT));
        }

        @Actor
        public void actor2(III_Result r) {
            r.r2 = outcome(insertPlain(BACKEND, BACKEND_PORT, CLIENT, CLIENT_PORT));
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = entriesWithPeers();
        }
    }

    /** One client port, two services with the same backend: the replies would be indistinguishable. */
    @JCStressTest
    @Outcome(id = {"1, 3, 2", "3, 1, 2"}, expect = ACCEPTABLE, desc = "one inserted its flow, the other is refused")
    @Outcome(id = {"1, 4, 2", "4, 1, 2"}, expect = ACCEPTABLE_INTERESTING, desc = "the winner was descheduled")
    @Outcome(id = "4, 4, 0", expect = ACCEPTABLE_INTERESTING, desc = "both were descheduled")
    @Outcome(expect = FORBIDDEN, desc = "two flows with one reverse key, or half a flow")
    @State
    public static class SameReverseKey extends StressFlows {
        @Actor
        public void actor1(III_Result r) {
            r.r1 = outcome(insert(VIP, BACKEND, UDP, FlowState.UDP_UNREPLIED));
        }

        @Actor
        public void actor2(III_Result r) {
            r.r2 = outcome(insert(OTHER_VIP, BACKEND, UDP, FlowState.UDP_UNREPLIED));
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = entriesWithPeers();
        }
    }

    /** A worker that finds the forward entry finds it complete, and the reverse entry, too. */
    @JCStressTest
    @Outcome(id = {"0, 0", "0, 1", "1, 1"}, expect = ACCEPTABLE, desc = "nothing yet, or complete")
    @Outcome(expect = FORBIDDEN, desc = "a key without its rewrite, or one direction without the other")
    @State
    public static class InsertAndFind extends StressFlows {
        @Actor
        public void inserter() {
            insert(VIP, BACKEND, UDP, FlowState.UDP_UNREPLIED);
        }

        @Actor
        public void reader(II_Result r) {
            long entry = forward(VIP, UDP);
            r.r1 = entry == 0 ? 0 : isWhole(entry) ? 1 : 2;
            long reverse = table.find(FlowKey.k0(BACKEND, CLIENT), FlowKey.k1(BACKEND_PORT, CLIENT_PORT, UDP));
            r.r2 = reverse == 0 ? 0 : FlowEntry.newSrc(reverse) == VIP && FlowEntry.newSport(reverse) == 80 ? 1 : 2;
        }

        private static boolean isWhole(long entry) {
            return FlowEntry.newDst(entry) == BACKEND && FlowEntry.newDport(entry) == BACKEND_PORT
                && FlowEntry.state(entry) == FlowState.UDP_UNREPLIED && FlowEntry.ipDelta(entry) != 0;
        }
    }

    /** Two flows with the same home slot: neither takes the other's slot. */
    @JCStressTest
    @Outcome(id = "1, 1, 4", expect = ACCEPTABLE, desc = "both inserted, all four entries in place")
    @Outcome(expect = FORBIDDEN, desc = "a lost entry")
    @State
    public static class SameHome extends StressFlows {
        private static final int NEIGHBOUR = neighbour();

        @Actor
        public void actor1(III_Result r) {
            r.r1 = outcome(insert(VIP, BACKEND, UDP, FlowState.UDP_UNREPLIED));
        }

        @Actor
        public void actor2(III_Result r) {
            r.r2 = outcome(insert(NEIGHBOUR, OTHER_BACKEND, UDP, FlowState.UDP_UNREPLIED));
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = entriesWithPeers();
        }

        /** A service address whose flow has the same home slot as the one to {@link #VIP}, in a table of 16 slots. */
        private static int neighbour() {
            long k1 = FlowKey.k1(CLIENT_PORT, 80, UDP);
            int home = FlowHash.hash(FlowKey.k0(CLIENT, VIP), k1) & 15;
            int vip = VIP + 1;
            while ((FlowHash.hash(FlowKey.k0(CLIENT, vip), k1) & 15) != home) {
                vip++;
            }
            return vip;
        }
    }
}
