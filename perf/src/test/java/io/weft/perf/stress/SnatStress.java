package io.weft.perf.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.weft.encap.hash.FlowHash;
import io.weft.lb.flow.Epochs;
import io.weft.lb.flow.FlowExpiry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowState;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTemplate;
import io.weft.lb.flow.FlowTimeouts;
import io.weft.lb.nat.SnatPorts;
import io.weft.lb.nat.SourceNat;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;
import org.openjdk.jcstress.infra.results.III_Result;

/** Workers that take over the port of a connection that is over, against each other and against its expiry. */
final class SnatStress {
    private static final int LATER = 100_000;

    private SnatStress() {
    }

    /** One port, held by a connection in TIME_WAIT. */
    static class OnePort implements Epochs {
        private static final int LENGTH = 1 << 15;
        private static final int TABLE_AT = SnatPorts.BITMAPS_LENGTH;
        private static final int MAX_FLOWS = 4;
        private static final int PORT = 61_000;
        private static final int TCP = 6;
        private static final int NODE = 0xC000_0201;
        private static final int POD = 0x0AF4_0105;
        private static final int OUT = 0xC633_6407;

        private final long memory = StressMemory.take(LENGTH);
        private final FlowTable table = FlowTable.create(memory + TABLE_AT, LENGTH - TABLE_AT, MAX_FLOWS, 1);
        private final SnatPorts ports = new SnatPorts(memory, PORT, PORT);
        private final FlowExpiry expiry = new FlowExpiry(table, FlowTimeouts.defaults(), this,
            (forward, k0, k1) -> SourceNat.onEnd(ports, forward, k0, k1));

        OnePort() {
            connect(0, FlowState.TIME_WAIT, 0);
        }

        /** @return 1 when the pod got the port, else 0 */
        int connect(int pod, int state, int now) {
            long k0 = FlowKey.k0(POD + pod, OUT);
            long k1 = FlowKey.k1(40_000, 443, TCP);
            FlowTemplate template = new FlowTemplate().reset(k0, k1, state, now);
            template.newSrc = NODE;
            return new SourceNat(table, ports).insert(FlowHash.hash(k0, k1), k0, k1, template) > 0 ? 1 : 0;
        }

        void expire() {
            expiry.scan(LATER, table.slotCount(), null);
        }

        /** Flows that have the port, or -1 when the XDP program would see something else. */
        int holders() {
            int flows = ports.flows(TCP, PORT);
            return ports.isInUse(TCP, PORT) == flows > 0 ? flows : -1;
        }

        int flows() {
            return (int) table.flows();
        }

        @Override
        public long current() {
            return 1;
        }

        @Override
        public boolean passed(long number) {
            return false;
        }
    }

    /** The connection expires while a worker wants its port: the port is released once. */
    @JCStressTest
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "the new connection has the port")
    @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "the worker came in the middle of it; the port is free")
    @Outcome(expect = FORBIDDEN, desc = "a port released twice or never")
    @State
    public static class TakeOverAndExpire extends OnePort {
        @Actor
        public void conductor() {
            expire();
        }

        @Actor
        public void worker(III_Result r) {
            r.r1 = connect(1, FlowState.SYN_SENT, LATER);
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r2 = holders();
            r.r3 = flows();
        }
    }

    /** Two workers want the port. */
    @JCStressTest
    @Outcome(id = {"1, 0, 1, 1", "0, 1, 1, 1"}, expect = ACCEPTABLE, desc = "one has it")
    @Outcome(id = "0, 0, 0, 0", expect = ACCEPTABLE, desc = "each was in the other's way; the port is free")
    @Outcome(expect = FORBIDDEN, desc = "both have it, or nobody and it is not free")
    @State
    public static class TwoTakeOver extends OnePort {
        @Actor
        public void first(IIII_Result r) {
            r.r1 = connect(1, FlowState.SYN_SENT, LATER);
        }

        @Actor
        public void second(IIII_Result r) {
            r.r2 = connect(2, FlowState.SYN_SENT, LATER);
        }

        @Arbiter
        public void arbiter(IIII_Result r) {
            r.r3 = holders();
            r.r4 = flows();
        }
    }
}
