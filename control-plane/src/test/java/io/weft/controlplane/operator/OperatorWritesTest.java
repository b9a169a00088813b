package io.weft.controlplane.operator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.controlplane.operator.OperatorWrites.Options;
import io.weft.controlplane.operator.OperatorWrites.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A write is on disk before it is in force; one that fails, is refused or only tried changes nothing. */
class OperatorWritesTest {
    private static final OperatorWrite DRAIN = new OperatorWrite(WriteKind.DRAIN, "10.244.1.5", "", "", 1);
    private static final Options NOW = new Options(false, false, _ -> {});

    @TempDir private Path directory;
    private final List<OperatorState> used = new ArrayList<>();
    private List<String> objections = List.of();
    private boolean silent;
    private boolean inUse = true;

    private final WriteTarget target = new WriteTarget() {
        @Override
        public Assessment assess(OperatorState next) throws TimeoutException {
            if (silent) { throw new TimeoutException("silent"); }
            return new Assessment(List.of(), objections);
        }

        @Override
        public BooleanSupplier use(OperatorState state) {
            assertEquals(state, new OperatorFile(directory, "n1").read(), "on disk first");
            used.add(state);
            return () -> inUse;
        }

        @Override
        public Map<String, String> uses() {
            return Map.of();
        }
    };

    private OperatorWrites writes() {
        return new OperatorWrites(new OperatorFile(directory, "n1"), target, () -> {});
    }

    @Test
    void aWriteSurvivesARestart() throws Exception {
        OperatorWrites writes = writes();
        Result result = writes.put(DRAIN, NOW);
        assertEquals(Optional.of(DRAIN), result.after());
        assertTrue(result.inUse());
        assertEquals(List.of(OperatorState.NOTHING, OperatorState.NOTHING.with(DRAIN)), used);
        assertEquals(OperatorState.NOTHING.with(DRAIN), writes().state());
        writes.delete(WriteKind.DRAIN, "10.244.1.5", NOW);
        assertEquals(OperatorState.NOTHING, writes().state());
    }

    @Test
    void theSameWriteAgainChangesNothing() throws Exception {
        OperatorWrites writes = writes();
        writes.put(DRAIN, NOW);
        Result again = writes.put(new OperatorWrite(WriteKind.DRAIN, "10.244.1.5", "", "", 99), NOW);
        assertEquals(1, again.after().orElseThrow().sinceMillis());
        assertEquals(2, used.size());
    }

    @Test
    void aDryRunChangesNothing() throws Exception {
        OperatorWrites writes = writes();
        Result result = writes.put(DRAIN, new Options(true, false, _ -> {}));
        assertEquals(Optional.of(DRAIN), result.after());
        assertFalse(result.inUse());
        assertEquals(OperatorState.NOTHING, writes.state());
        assertEquals(1, used.size());
    }

    @Test
    void objectionsHoldUnlessForced() throws Exception {
        objections = List.of("no Service has it");
        OperatorWrites writes = writes();
        assertEquals("no Service has it",
            assertThrows(ObjectionException.class, () -> writes.put(DRAIN, NOW)).getMessage());
        assertEquals(OperatorState.NOTHING, writes.state());
        writes.put(DRAIN, new Options(false, true, _ -> {}));
        assertEquals(OperatorState.NOTHING.with(DRAIN), writes.state());
    }

    @Test
    void whatCannotBeKeptIsNotInForce() throws Exception {
        OperatorWrites writes = writes();
        Files.createDirectories(directory.resolve(OperatorFile.NAME + ".new").resolve("x"));
        assertThrows(IOException.class, () -> writes.put(DRAIN, NOW));
        assertEquals(OperatorState.NOTHING, writes.state());
        assertEquals(1, used.size());
    }

    @Test
    void withoutAnAnswerOfTheControlLoopNothingChanges() {
        OperatorWrites writes = writes();
        silent = true;
        assertThrows(TimeoutException.class, () -> writes.put(DRAIN, NOW));
        assertEquals(OperatorState.NOTHING, writes.state());
    }

    @Test
    void aPreconditionSeesWhatIsThere() throws Exception {
        OperatorWrites writes = writes();
        writes.put(DRAIN, NOW);
        List<Optional<OperatorWrite>> seen = new ArrayList<>();
        assertThrows(IllegalStateException.class, () -> writes.delete(WriteKind.DRAIN, "10.244.1.5",
            new Options(false, false, current -> {
                seen.add(current);
                throw new IllegalStateException();
            })));
        assertEquals(List.of(Optional.of(DRAIN)), seen);
        assertEquals(OperatorState.NOTHING.with(DRAIN), writes.state());
    }

    @Test
    void saysWhenTheWorkersDoNotUseItYet() throws Exception {
        inUse = false;
        assertFalse(writes().put(DRAIN, NOW).inUse());
    }
}
