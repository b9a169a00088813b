package io.weft.perf.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.weft.lb.service.AffinityTable;
import io.weft.lb.service.Backend;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** Workers store and look up clients' backends at once, in one bucket of the table. */
final class AffinityStress {
    private static final int NOTHING = 0;
    private static final int FIRST = 1;
    private static final int SECOND = 2;
    private static final int MIXED = 9;
    private static final int TIMEOUT = 10;
    private static final int NOW = 1000;
    private static final long ID = 0x1234_5678_9ABC_DEF0L;

    private AffinityStress() {
    }

    static class OneBucket {
        private final AffinityTable table = new AffinityTable(8);

        void put(int client, int backend) {
            table.put(ID + client, client, Backend.pack(backend, backend), TIMEOUT, NOW);
        }

        long evicted() {
            return table.evicted();
        }

        int find(int client) {
            long found = table.find(ID + client, client, TIMEOUT, NOW);
            if (found == Backend.NONE) { return NOTHING; }
            return Backend.ip(found) == Backend.port(found) ? Backend.ip(found) : MIXED;
        }
    }

    /** A client's entry is replaced while it is read: one backend or the other, or none while it changes. */
    @JCStressTest
    @Outcome(id = "0, [012]", expect = ACCEPTABLE, desc = "read while an entry was being written, or before")
    @Outcome(id = "1, [012]", expect = ACCEPTABLE, desc = "the first backend, then it, the second, or none in between")
    @Outcome(id = "2, 2", expect = ACCEPTABLE, desc = "the second backend")
    @Outcome(expect = FORBIDDEN, desc = "half of each, or back to an older one")
    @State
    public static class ReplacedWhileRead extends OneBucket {
        @Actor
        public void writer() {
            put(1, FIRST);
            put(1, SECOND);
        }

        @Actor
        public void reader(II_Result result) {
            result.r1 = find(1);
            result.r2 = find(1);
        }
    }

    /** Two clients want entries of one bucket: each is stored whole, or not at all if the other worker was writing the same entry. */
    @JCStressTest
    @Outcome(id = "1, 2, 0", expect = ACCEPTABLE, desc = "both")
    @Outcome(id = "1, 0, 0", expect = ACCEPTABLE, desc = "the second gave way, or was replaced")
    @Outcome(id = "0, 2, 0", expect = ACCEPTABLE, desc = "the first gave way, or was replaced")
    @Outcome(id = "[01], [02], 1", expect = ACCEPTABLE, desc = "one replaced the other, and counted it")
    @Outcome(expect = FORBIDDEN, desc = "a client with another's backend")
    @State
    public static class TwoClients extends OneBucket {
        @Actor
        public void first() {
            put(1, FIRST);
        }

        @Actor
        public void second() {
            put(2, SECOND);
        }

        @Arbiter
        public void after(III_Result result) {
            result.r1 = find(1);
            result.r2 = find(2);
            result.r3 = (int) evicted();
        }
    }
}
