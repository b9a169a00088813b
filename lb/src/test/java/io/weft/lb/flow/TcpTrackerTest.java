package io.weft.lb.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.lb.TestMemory;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests the state machine with tables: "&gt;" is a segment of the originator, "&lt;" one of the responder. */
class TcpTrackerTest {
    private static final int FIN = 1;
    private static final int SYN = 2;
    private static final int RST = 4;
    private static final int ACK = 16;

    private final TestMemory memory = new TestMemory();
    private final Flows flows = new Flows(memory, 100);
    private final long forward = flows.insertService(40_000, Flows.TCP, FlowState.SYN_SENT);
    private final long reverse = flows.reverse(40_000, Flows.TCP);

    @AfterEach
    void free() {
        memory.close();
    }

    @ParameterizedTest(name = "{0}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
        SYN alone                              | >S                                   | syn_sent
        SYN sent again                         | >S >S                                | syn_sent
        answered                               | >S <SA                               | syn_recv
        SYN+ACK sent again                     | >S <SA <SA                           | syn_recv
        handshake                              | >S <SA >A                            | established
        data both ways                         | >S <SA >A <A >A <A                   | established
        SYN within a connection                | >S <SA >A >S                         | established
        SYN within a connection, other side    | >S <SA >A <S                         | established
        simultaneous open, both SYNs           | >S <S                                | syn_sent2
        simultaneous open, first SYN+ACK       | >S <S >SA                            | syn_recv
        simultaneous open                      | >S <S >SA <SA >A                     | established
        FIN of the originator                  | >S <SA >A >FA                        | fin_wait
        FIN of the responder                   | >S <SA >A <FA                        | fin_wait
        FIN instead of the handshake's ACK     | >S <SA >FA                           | fin_wait
        half closed                            | >S <SA >A >FA <A                     | close_wait
        half closed, data flows on             | >S <SA >A >FA <A <A >A <A            | close_wait
        FIN both ways, not acknowledged        | >S <SA >A >FA <A <FA                 | last_ack
        FIN both ways                          | >S <SA >A >FA <A <FA >A              | time_wait
        FIN both ways, responder first         | >S <SA >A <FA >A >FA <A              | time_wait
        simultaneous close                     | >S <SA >A >FA <FA                    | last_ack
        simultaneous close, acknowledged       | >S <SA >A >FA <FA >A <A              | time_wait
        late FIN                               | >S <SA >A >FA <A <FA >A <FA          | time_wait
        SYN leads out of no state at the end   | >S <SA >A >FA <A <FA >A >S <S >SA    | time_wait
        segment without flags                  | >S <SA >A >-                         | established
        refused                                | >S <RA                               | close
        given up by the originator             | >S >R                                | close
        SYN after refusal                      | >S <RA >S <S                         | close
        FIN after a reset                      | >S <RA >FA                           | close
        """)
    void statesFollowTheSegments(String what, String segments, String state) {
        for (String segment : segments.trim().split(" +")) {
            send(segment.charAt(0) == '>' ? forward : reverse, flags(segment.substring(1)), 0, 0);
        }
        assertState(state);
    }

    @ParameterizedTest(name = "RST {0} beyond the expected number")
    @CsvSource({"0, close, false", "1, established, true", "1460, established, true", "16777216, established, true",
        "16777217, established, false", "-1, established, false", "-2000000000, established, false"})
    void onlyTheExpectedResetClosesAConnection(int beyond, String state, boolean doubtful) {
        handshake();
        send(reverse, ACK, 5000, 0xFFFF_FFF0);
        send(forward, RST, 0xFFFF_FFF0 + beyond, 0);
        assertState(state);
        assertEquals(doubtful, (FlowEntry.flags(forward) & FlowEntry.RST_SEEN) != 0);
        assertEquals(doubtful, (FlowEntry.flags(reverse) & FlowEntry.RST_SEEN) != 0);
    }

    @Test
    void aDoubtfulResetIsForgottenAtTheNextSegment() {
        handshake();
        send(reverse, ACK, 5000, 1000);
        send(forward, RST, 1001, 0);
        assertTrue((FlowEntry.flags(forward) & FlowEntry.RST_SEEN) != 0);
        FlowTimeouts timeouts = FlowTimeouts.defaults();
        assertEquals(300, timeouts.seconds(FlowEntry.meta(forward), false));
        send(reverse, ACK, 5000, 1000);
        assertFalse((FlowEntry.flags(forward) & FlowEntry.RST_SEEN) != 0);
        assertFalse((FlowEntry.flags(reverse) & FlowEntry.RST_SEEN) != 0);
        assertEquals(86_400, timeouts.seconds(FlowEntry.meta(forward), false));
        assertState("established");
    }

    @Test
    void aResetOfTheResponderIsComparedWithTheOriginatorsAcknowledgement() {
        handshake();
        send(forward, ACK, 1, 7777);
        send(reverse, RST | ACK, 7776, 0);
        assertState("established");
        send(reverse, RST | ACK, 7777, 0);
        assertState("close");
    }

    @Test
    void aResetDoesNotMoveTheExpectedNumber() {
        handshake();
        send(forward, ACK, 1, 7777);
        send(forward, RST | ACK, 99, 1);
        send(reverse, RST, 7777, 0);
        assertState("close");
    }

    @ParameterizedTest(name = "{0}, then {1}: another connection {2}")
    @CsvSource(delimiter = '|', textBlock = """
        >S                             | S  | false
        >S <SA                         | S  | false
        >S <SA >A                      | S  | false
        >S <SA >A >FA                  | S  | false
        >S <SA >A >FA <A               | S  | false
        >S <SA >A >FA <A <FA           | S  | true
        >S <SA >A >FA <A <FA           | SA | false
        >S <SA >A >FA <A <FA           | A  | false
        >S <SA >A >FA <A <FA >A        | S  | true
        >S <SA >A >FA <A <FA >A        | SA | false
        >S <SA >A >FA <A <FA >A        | FA | false
        >S <RA                         | S  | true
        >S <RA                         | R  | false
        >S >R                          | S  | true
        >S <S                          | S  | false
        """)
    void aSynOnAFinishedFlowIsAnotherConnection(String segments, String flags, boolean another) {
        for (String segment : segments.trim().split(" +")) {
            send(segment.charAt(0) == '>' ? forward : reverse, flags(segment.substring(1)), 0, 0);
        }
        assertEquals(another, TcpTracker.isOpening(flags(flags)) && TcpTracker.isOver(FlowEntry.meta(forward)));
        assertEquals(another, TcpTracker.isOpening(flags(flags)) && TcpTracker.isOver(FlowEntry.meta(reverse)));
    }

    /** After a RST no segment of the connection follows, so a SYN opens another; a RST far out of the window proves nothing. */
    @Test
    void aSynAfterADoubtfulResetIsAnotherConnection() {
        handshake();
        send(reverse, ACK, 5000, 1000);
        send(forward, RST, 1000 + (1 << 25), 0);
        assertFalse(TcpTracker.isOver(FlowEntry.meta(forward)));
        send(forward, RST, 1001, 0);
        assertTrue(TcpTracker.isOver(FlowEntry.meta(forward)));
        send(reverse, ACK, 5000, 1000);
        assertFalse(TcpTracker.isOver(FlowEntry.meta(forward)));
    }

    @ParameterizedTest
    @CsvSource({"S, syn_sent", "SA, syn_recv", "A, established", "FA, fin_wait", "R, none", "RA, none", "-, none"})
    void theFirstSegmentDecidesTheInitialState(String flags, String state) {
        assertEquals(state, FlowState.name(TcpTracker.firstState(flags(flags))));
    }

    @Test
    void everyStateHasANameAndATimeout() {
        for (int state = 0; state < FlowState.COUNT; state++) {
            assertEquals(FlowState.name(state).toLowerCase(Locale.ROOT), FlowState.name(state));
            assertTrue(FlowTimeouts.defaults().seconds(state) > 0);
        }
        assertEquals(7, FlowTimeouts.defaults().with(FlowState.CLOSE, 7).seconds(FlowState.CLOSE));
    }

    private void handshake() {
        send(forward, SYN, 0, 0);
        send(reverse, SYN | ACK, 0, 1);
        send(forward, ACK, 1, 1);
        assertState("established");
    }

    private void send(long entry, int flags, int sequence, int acknowledgement) {
        TcpTracker.onSegment(flows.table, entry, flags, sequence, acknowledgement);
    }

    private void assertState(String state) {
        assertEquals(state, FlowState.name(FlowEntry.state(forward)));
        assertEquals(state, FlowState.name(FlowEntry.state(reverse)));
    }

    private static int flags(String letters) {
        int flags = 0;
        for (int i = 0; i < letters.length(); i++) {
            flags |= switch (letters.charAt(i)) {
                case 'S' -> SYN;
                case 'A' -> ACK;
                case 'F' -> FIN;
                case 'R' -> RST;
                default -> 0;
            };
        }
        return flags;
    }
}
