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

/** Workers take over the port of a finished connection, in a race with each other and with its expiry. */
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

        /** @return 1 if the pod got the port, otherwise 0 */
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

        /** Number of flows that have the port; -1 if the bitmap that the XDP program reads disagrees. */
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
    @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "the worker came during the expiry; the port is free")
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
    @Outcome(id = "0, 0, 0, 0", expect = ACCEPTABLE, desc = "each got in the other's way; the port is free")
    @Outcome(expect = FORBIDDEN, desc = "both have it, or neither has it and it is not free")
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
