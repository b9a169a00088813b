package io.weft.perf.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.weft.encap.packet.TcpHeader;
import io.weft.lb.flow.Epochs;
import io.weft.lb.flow.FlowEnder;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowExpiry;
import io.weft.lb.flow.FlowState;
import io.weft.lb.flow.FlowTimeouts;
import io.weft.lb.flow.TcpTracker;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Deletion, reuse of slots, and state changes, against workers. */
final class FlowEndStress {
    private static final int LATER = 100_000;

    private FlowEndStress() {
    }

    /** Epochs of one worker, as the dataplane keeps them. */
    static class OneWorker extends StressFlows implements Epochs {
        private static final long ASLEEP = Long.MAX_VALUE;
        private volatile long epoch = 1;
        private volatile long announced = ASLEEP;

        final FlowExpiry expiry = new FlowExpiry(table, FlowTimeouts.defaults(), this, (forward, k0, k1) -> {
        });

        void batchBegins() {
            announced = epoch;
        }

        void batchEnds() {
            announced = ASLEEP;
        }

        void scanAll(int now) {
            expiry.scan(now, table.slotCount(), null);
        }

        void advance() {
            epoch = current() + 1;
        }

        @Override
        public long current() {
            return epoch;
        }

        @Override
        public boolean passed(long number) {
            return announced > number;
        }
    }

    /** A slot is deleted and reused while a worker uses it: the worker keeps reading the old flow. */
    @JCStressTest
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "the flow has ended")
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "the old flow, complete")
    @Outcome(id = "2", expect = FORBIDDEN, desc = "parts of the new flow")
    @State
    public static class DeleteAndReuse extends OneWorker {
        public DeleteAndReuse() {
            insert(VIP, BACKEND, UDP, FlowState.UDP_UNREPLIED);
        }

        @Actor
        public void conductor() {
            for (int i = 0; i < 3; i++) {
                scanAll(LATER);
                advance();
            }
            insert(VIP, OTHER_BACKEND, UDP, FlowState.UDP_UNREPLIED);
            insert(OTHER_VIP, OTHER_BACKEND, TCP, FlowState.SYN_SENT);
        }

        @Actor
        public void worker(I_Result r) {
            batchBegins();
            long entry = forward(VIP, UDP);
            if (entry != 0 && FlowEntry.newDst(entry) == BACKEND) {
                boolean kept = true;
                for (int i = 0; i < 20; i++) {
                    kept &= FlowEntry.newDst(entry) == BACKEND;
                }
                r.r1 = kept ? 1 : 2;
            }
            batchEnds();
        }
    }

    /** A flow is inserted while the flow expiry empties slots of flows that ended: its entries can still be found. */
    @JCStressTest
    @Outcome(id = "1, 2", expect = ACCEPTABLE, desc = "inserted, and found in both directions")
    @Outcome(expect = FORBIDDEN, desc = "an entry behind an empty slot, or overwritten")
    @State
    public static class InsertAndClear extends OneWorker {
        public InsertAndClear() {
            insert(VIP, BACKEND, TCP, FlowState.SYN_SENT);
            insert(VIP, BACKEND, UDP, FlowState.UDP_UNREPLIED);
            insert(OTHER_VIP, BACKEND, 132, FlowState.GENERIC);
            scanAll(LATER);
            advance();
        }

        @Actor
        public void conductor() {
            for (int i = 0; i < 3; i++) {
                scanAll(1);
                advance();
            }
        }

        @Actor
        public void worker(II_Result r) {
            batchBegins();
            r.r1 = outcome(insert(VIP, OTHER_BACKEND, UDP, FlowState.UDP_UNREPLIED));
            batchEnds();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = entriesWithPeers();
        }
    }

    /** Two workers insert one flow while a slot before their candidates becomes free: they claim different slots. */
    @JCStressTest
    @Outcome(id = {"1, 2, 2", "2, 1, 2"}, expect = ACCEPTABLE, desc = "one inserted it, the other adopted it")
    @Outcome(id = {"1, 4, 2", "4, 1, 2"}, expect = ACCEPTABLE_INTERESTING, desc = "the winner was descheduled")
    @Outcome(id = "4, 4, 0", expect = ACCEPTABLE_INTERESTING, desc = "both were descheduled")
    @Outcome(expect = FORBIDDEN, desc = "two flows with one key, or half a flow")
    @State
    public static class InsertsAroundASlotComingFree extends OneWorker {
        public InsertsAroundASlotComingFree() {
            long home = insert(VIP, BACKEND, UDP, FlowState.UDP_UNREPLIED);
            scanAll(LATER);
            advance();
            for (long slot = lastLine(); slot > home; slot -= FlowEntry.LENGTH) {
                expiry.scan(1, 1, null);
            }
        }

        @Actor
        public void worker(III_Result r) {
            batchBegins();
            r.r1 = outcome(insert(VIP, BACKEND, UDP, FlowState.UDP_UNREPLIED));
            batchEnds();
        }

        @Actor
        public void conductorAndOtherWorker(III_Result r) {
            expiry.scan(1, 1, null);
            r.r2 = outcome(insert(VIP, BACKEND, UDP, FlowState.UDP_UNREPLIED));
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = entriesWithPeers();
        }
    }

    /** The flow expiry ends a flow while a worker inserts it again. */
    @JCStressTest
    @Outcome(id = "1, 2", expect = ACCEPTABLE, desc = "ended, then inserted again")
    @Outcome(id = "2, 0", expect = ACCEPTABLE, desc = "the worker got the old entry for this batch")
    @Outcome(id = "4, 0", expect = ACCEPTABLE_INTERESTING, desc = "the flow expiry was descheduled between the two entries")
    @Outcome(expect = FORBIDDEN, desc = "half a flow")
    @State
    public static class EndAndInsert extends OneWorker {
        public EndAndInsert() {
            insert(VIP, BACKEND, UDP, FlowState.UDP_UNREPLIED);
        }

        @Actor
        public void conductor() {
            expiry.scan(1, table.slotCount(), forward -> FlowEntry.egress(forward) == 1);
        }

        @Actor
        public void worker(II_Result r) {
            batchBegins();
            r.r1 = outcome(insert(VIP, BACKEND, UDP, FlowState.UDP_UNREPLIED, 1));
            batchEnds();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = entriesWithPeers();
        }
    }

    /** FINs of both sides at once, on two workers: both are counted, and both entries agree. */
    @JCStressTest
    @Outcome(id = "6, 6", expect = ACCEPTABLE, desc = "LAST_ACK")
    @Outcome(expect = FORBIDDEN, desc = "a lost FIN, or entries that disagree")
    @State
    public static class SimultaneousClose extends StressFlows {
        private final long forward = insert(VIP, BACKEND, TCP, FlowState.ESTABLISHED);
        private final long reverse = table.peer(forward);

        @Actor
        public void originator() {
            TcpTracker.onSegment(table, forward, TcpHeader.FIN | TcpHeader.ACK, 1, 1);
        }

        @Actor
        public void responder() {
            TcpTracker.onSegment(table, reverse, TcpHeader.FIN | TcpHeader.ACK, 1, 1);
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r1 = FlowEntry.state(forward);
            r.r2 = FlowEntry.state(reverse);
        }
    }

    /** A reset and a segment at once: whichever is last, both entries agree. */
    @JCStressTest
    @Outcome(id = "8, 8", expect = ACCEPTABLE, desc = "CLOSE")
    @Outcome(expect = FORBIDDEN, desc = "a lost reset, or entries that disagree")
    @State
    public static class ResetAndSegment extends StressFlows {
        private final long forward = insert(VIP, BACKEND, TCP, FlowState.SYN_RECV);
        private final long reverse = table.peer(forward);

        @Actor
        public void originator() {
            TcpTracker.onSegment(table, forward, TcpHeader.ACK, 1, 1);
        }

        @Actor
        public void responder() {
            TcpTracker.onSegment(table, reverse, TcpHeader.RST, 1, 0);
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r1 = FlowEntry.state(forward);
            r.r2 = FlowEntry.state(reverse);
        }
    }

    /** A finished connection, and what ends its flow for the next one. */
    static class Replacing extends OneWorker {
        final AtomicInteger ended = new AtomicInteger();
        final FlowEnder ender = new FlowEnder(table, (forward, k0, k1) -> ended.incrementAndGet());

        Replacing() {
            insert(VIP, BACKEND, TCP, FlowState.TIME_WAIT);
        }

        /** What flow-create does with the SYN. */
        int replace(int backend) {
            long flow = forward(VIP, TCP);
            if (flow != 0) {
                ender.endFinished(flow);
            }
            return outcome(insert(VIP, backend, TCP, FlowState.SYN_SENT));
        }

        /** Ten times the number of flows that ended, plus the entries in use. */
        int endsAndEntries() {
            return 10 * ended.get() + entriesWithPeers();
        }
    }

    /** Two workers see a SYN of a finished connection: its flow ends once, and one of them inserts the new flow. */
    @JCStressTest
    @Outcome(id = {"1, 2, 12",
        "2, 1, 12"}, expect = ACCEPTABLE, desc = "ended once, one inserted it, the other adopted it")
    @Outcome(id = {"1, 4, 12", "4, 1, 12"}, expect = ACCEPTABLE_INTERESTING, desc = "the winner was descheduled")
    @Outcome(id = "4, 4, 10", expect = ACCEPTABLE_INTERESTING, desc = "both were descheduled")
    @Outcome(expect = FORBIDDEN, desc = "ended twice or never, two flows with one key, or half a flow")
    @State
    public static class TwoReplaceAFinishedFlow extends Replacing {
        @Actor
        public void worker(III_Result r) {
            r.r1 = replace(BACKEND);
        }

        @Actor
        public void otherWorker(III_Result r) {
            r.r2 = replace(BACKEND);
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = endsAndEntries();
        }
    }

    /** The same, but the workers choose different backends. */
    @JCStressTest
    @Outcome(id = {"1, 2, 12",
        "2, 1, 12"}, expect = ACCEPTABLE, desc = "ended once, one inserted it, the other adopted it")
    @Outcome(id = {"1, 4, 12", "4, 1, 12"}, expect = ACCEPTABLE_INTERESTING, desc = "the winner was descheduled")
    @Outcome(id = "4, 4, 10", expect = ACCEPTABLE_INTERESTING, desc = "both were descheduled")
    @Outcome(expect = FORBIDDEN, desc = "ended twice or never, two flows with one key, or half a flow")
    @State
    public static class TwoReplaceByDifferentBackends extends Replacing {
        @Actor
        public void worker(III_Result r) {
            r.r1 = replace(BACKEND);
        }

        @Actor
        public void otherWorker(III_Result r) {
            r.r2 = replace(OTHER_BACKEND);
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = endsAndEntries();
        }
    }

    /** The flow expiry ends a finished flow while a worker replaces it. */
    @JCStressTest
    @Outcome(id = "1, 12", expect = ACCEPTABLE, desc = "ended once, and inserted again")
    @Outcome(id = "4, 10", expect = ACCEPTABLE_INTERESTING, desc = "the flow expiry was descheduled between the two entries")
    @Outcome(expect = FORBIDDEN, desc = "ended twice or never, or half a flow")
    @State
    public static class ScanAndReplace extends Replacing {
        private final FlowExpiry counting = new FlowExpiry(table, FlowTimeouts.defaults(), this,
            (forward, k0, k1) -> ended.incrementAndGet());

        @Actor
        public void conductor() {
            counting.scan(1, table.slotCount(), forward -> FlowEntry.state(forward) == FlowState.SYN_SENT);
        }

        @Actor
        public void worker(II_Result r) {
            batchBegins();
            r.r1 = replace(BACKEND);
            batchEnds();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = endsAndEntries();
        }
    }

    /** A late reset of the old backend, whose flow a worker has found before another replaced it, leaves the new flow as it is. */
    @JCStressTest
    @Outcome(id = "1, 12", expect = ACCEPTABLE, desc = "SYN_SENT")
    @Outcome(expect = FORBIDDEN, desc = "closed by the old connection's reset")
    @State
    public static class ReplaceAndLateReset extends Replacing {
        private final long oldReverse = table.peer(forward(VIP, TCP));

        @Actor
        public void worker() {
            replace(OTHER_BACKEND);
        }

        @Actor
        public void otherWorker() {
            TcpTracker.onSegment(table, oldReverse, TcpHeader.RST, 1, 0);
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r1 = FlowEntry.state(forward(VIP, TCP));
            r.r2 = endsAndEntries();
        }
    }
}
