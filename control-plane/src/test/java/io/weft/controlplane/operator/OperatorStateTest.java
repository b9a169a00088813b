package io.weft.controlplane.operator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.log.LogLevel;
import io.weft.encap.address.IpAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What writes mean. */
class OperatorStateTest {
    private static final IpAddress POD = IpAddress.of("10.244.1.5");

    private static OperatorWrite drain(String endpoint) {
        return new OperatorWrite(WriteKind.DRAIN, endpoint, "", "", 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.244.1.5", "10.244.1.5:1", "10.244.1.5:65535"})
    void drainTargetsAreAddressesWithOrWithoutPort(String text) {
        assertEquals(text, DrainTarget.parse(text).orElseThrow().toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "web", "10.244.1", "10.244.1.5:", "10.244.1.5:0", "10.244.1.5:65536", "10.244.1.5:08",
        "10.244.1.5:80:80", "0.0.0.0", "fd00::1", "[fd00::1]:80", "10.244.1.5 ", "10.244.1.5:+1"})
    void otherTextsAreNone(String text) {
        assertEquals(Optional.empty(), DrainTarget.parse(text));
    }

    @Test
    void aDrainOfAnAddressCoversItsPortsAndOneOfAPortCoversThatPort() {
        OperatorState all = new OperatorState(List.of(drain("10.244.1.5")));
        OperatorState one = new OperatorState(List.of(drain("10.244.1.5:80")));
        assertEquals(1, all.drainsOf(POD, 80).size());
        assertEquals(1, one.drainsOf(POD, 80).size());
        assertEquals(0, one.drainsOf(POD, 81).size());
        assertEquals(0, all.drainsOf(IpAddress.of("10.244.1.6"), 80).size());
    }

    @Test
    void aWriteReplacesTheOneAboutTheSameSubject() {
        OperatorState state = OperatorState.NOTHING.with(drain("10.244.1.5"))
            .with(new OperatorWrite(WriteKind.DRAIN, "10.244.1.5", "", "why", 2))
            .with(new OperatorWrite(WriteKind.LOG_LEVEL, OperatorState.LOG_LEVEL, "debug", "", 3));
        assertEquals(2, state.all().size());
        assertEquals("why", state.find(WriteKind.DRAIN, "10.244.1.5").orElseThrow().comment());
        assertEquals(LogLevel.DEBUG, state.logLevel());
        OperatorState less = state.without(WriteKind.LOG_LEVEL, OperatorState.LOG_LEVEL);
        assertEquals(LogLevel.INFO, less.logLevel());
        assertEquals(OperatorState.NOTHING, less.without(WriteKind.DRAIN, "10.244.1.5"));
    }

    @Test
    void thereIsAMaximum() {
        List<OperatorWrite> many = new ArrayList<>();
        for (int i = 0; i < OperatorState.MAX_WRITES; i++) {
            many.add(drain("10.244.1.5:" + (i + 1)));
        }
        OperatorState full = new OperatorState(many);
        assertTrue(assertThrows(IllegalArgumentException.class, () -> full.with(drain("10.244.1.6"))).getMessage()
            .contains("at most 1024"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "via", "via ", "via x", "via fd00::1", "node", "node UPPER", "blackhole 192.0.2.1",
        "elsewhere"})
    void wrongRoutesAreRefused(String setting) {
        assertThrows(IllegalArgumentException.class, () -> RouteTarget.of(setting));
    }

    @ParameterizedTest
    @ValueSource(strings = {"via 192.0.2.9", "node n2.example", "blackhole", "unreachable", "prohibit"})
    void routesAreReadAsTheyAreWritten(String setting) {
        assertEquals(setting, RouteTarget.of(setting).toString());
    }
}
