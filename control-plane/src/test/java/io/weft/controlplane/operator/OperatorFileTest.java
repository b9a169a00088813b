package io.weft.controlplane.operator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.controlplane.journal.ChecksummedRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import net.openhft.chronicle.bytes.Bytes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The file of operators' writes: all of it or nothing is used, and what is not used is named and kept. */
class OperatorFileTest {
    private static final OperatorState STATE = new OperatorState(List.of(
        new OperatorWrite(WriteKind.DRAIN, "10.244.1.5:8080", "", "disk is failing, \u00fc", 1),
        new OperatorWrite(WriteKind.PAUSE, "default/web", "", "", 2),
        new OperatorWrite(WriteKind.ROUTE, "198.51.100.0/24", "via 192.0.2.9", "", 3),
        new OperatorWrite(WriteKind.LOG_LEVEL, OperatorState.LOG_LEVEL, "debug", "", 4)));

    @TempDir private Path directory;

    private OperatorFile file() {
        return new OperatorFile(directory, "n1");
    }

    private Path path() {
        return directory.resolve(OperatorFile.NAME);
    }

    @Test
    void withoutAFileNothingIsInForce() {
        OperatorFile file = file();
        assertEquals(OperatorState.NOTHING, file.read());
        assertEquals(Optional.empty(), file.problem());
    }

    @Test
    void whatWasWrittenIsReadAgain() throws Exception {
        file().write(STATE);
        OperatorFile file = file();
        assertEquals(STATE, file.read());
        assertEquals(Optional.empty(), file.problem());
        file.write(OperatorState.NOTHING);
        assertEquals(OperatorState.NOTHING, file().read());
    }

    @Test
    void aFileThatIsCutOrChangedAnywhereIsNotUsedButNamedAndKept() throws Exception {
        file().write(STATE);
        byte[] whole = Files.readAllBytes(path());
        for (int length = 0; length < whole.length; length++) {
            assertRefused(Arrays.copyOf(whole, length), "cut to " + length);
        }
        for (int at = 0; at < whole.length; at++) {
            byte[] changed = whole.clone();
            changed[at] ^= 1;
            assertRefused(changed, "byte " + at);
        }
        assertRefused(Arrays.copyOf(whole, whole.length + 1), "a byte too long");
    }

    private void assertRefused(byte[] bytes, String what) throws IOException {
        Files.write(path(), bytes);
        OperatorFile file = file();
        assertEquals(OperatorState.NOTHING, file.read(), what);
        assertEquals(path() + ": is incomplete or damaged; the operators' writes in it (drains, pauses, static routes,"
            + " log level) are not in force; write them again, then delete operator.journal.refused",
            file.problem().orElseThrow(), what);
        assertFalse(Files.exists(path()), what);
        assertEquals(Arrays.toString(bytes),
            Arrays.toString(Files.readAllBytes(directory.resolve("operator.journal.refused"))), what);
    }

    @Test
    void aRefusedFileIsNamedUntilItIsDeletedAlsoAfterARestart() throws Exception {
        Files.writeString(path(), "nonsense");
        file().read();
        OperatorFile next = file();
        next.read();
        next.write(STATE);
        assertTrue(next.problem().orElseThrow().startsWith(path() + ": was refused at an earlier start;"));
        assertEquals(STATE, file().read());
        Files.delete(directory.resolve("operator.journal.refused"));
        assertEquals(Optional.empty(), next.problem());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{\"version\":2,\"node\":\"n1\",\"writes\":[]} | has version 2, and this Weft reads 1",
        "{\"version\":1,\"node\":\"n2\",\"writes\":[]} | belongs to node n2, this is n1",
        "{\"version\":1,\"node\":\"n1\",\"writes\":[{\"kind\":\"DRAIN\",\"subject\":\"x\",\"setting\":\"\",\"comment\":\"\",\"sinceMillis\":1}]} | wrong write: drain x",
        "{\"version\":1,\"node\":\"n1\"} | has no writes",
        "[] | cannot be decoded",
        "{\"version\":1,\"node\":\"n1\",\"more\":1,\"writes\":[]} | cannot be decoded"})
    void aFileOfAnotherVersionNodeOrFormIsNotUsed(String json, String problem) throws Exception {
        Bytes<?> bytes = Bytes.allocateElasticOnHeap();
        ChecksummedRecord.write(bytes, OperatorFile.MAGIC, json.getBytes(StandardCharsets.UTF_8));
        Files.write(path(), bytes.toByteArray());
        OperatorFile file = file();
        assertEquals(OperatorState.NOTHING, file.read());
        assertTrue(file.problem().orElseThrow().startsWith(path() + ": " + problem), file.problem().toString());
    }

    @Test
    void aFileThatCannotBeWrittenKeepsTheFormer() throws Exception {
        OperatorFile file = file();
        file.write(STATE);
        Files.createDirectory(directory.resolve(OperatorFile.NAME + ".new"));
        Files.createFile(directory.resolve(OperatorFile.NAME + ".new").resolve("x"));
        assertThrows(IOException.class, () -> file.write(OperatorState.NOTHING));
        assertEquals(STATE, file().read());
    }
}
