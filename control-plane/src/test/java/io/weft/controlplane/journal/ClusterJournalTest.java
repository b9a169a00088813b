package io.weft.controlplane.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.controlplane.compiler.RandomObjects;
import io.weft.controlplane.journal.ClusterJournal.Contents;
import io.weft.controlplane.model.ClusterNode;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.Namespace;
import io.weft.controlplane.model.NetworkPolicy;
import io.weft.controlplane.model.Pod;
import io.weft.controlplane.model.Protocol;
import io.weft.controlplane.model.Service;
import io.weft.controlplane.model.ServiceCidr;
import io.weft.controlplane.model.TunnelAnnotations;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.zip.CRC32C;
import net.openhft.chronicle.bytes.Bytes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClusterJournalTest {
    private static final Instant AS_OF = Instant.parse("2026-11-29T10:00:00.123Z");

    @TempDir private Path state;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void returnsWhatWasWritten(long seed) throws IOException {
        RandomObjects random = new RandomObjects(new Random(seed));
        List<ClusterObject> objects = new ArrayList<>();
        while (objects.size() < 500) {
            ClusterObject object = random.any();
            if (!(object instanceof EndpointSlice slice && slice.serviceName() == null)) { // not valid in the model
                objects.add(object);
            }
        }
        assertReturned(objects);
    }

    @Test
    void returnsEveryField() throws IOException {
        assertReturned(oneOfEach());
        assertReturned(List.of());
    }

    private void assertReturned(List<ClusterObject> objects) throws IOException {
        journal().write(new Contents(AS_OF, objects));
        ClusterJournal journal = journal();
        assertEquals(Optional.of(new Contents(AS_OF, objects)), journal.read());
        assertEquals(List.of(), journal.problems());
    }

    private static List<ClusterObject> oneOfEach() {
        IpAddress four = IpAddress.of("192.0.2.1");
        IpAddress six = IpAddress.of("2001:db8::1");
        TunnelAnnotations full = new TunnelAnnotations(true, "vxlan", OptionalInt.of((1 << 24) - 1),
            OptionalLong.of(0xFEFF_FFFF_FFFFL), Optional.of(four), true);
        TunnelAnnotations empty = new TunnelAnnotations(false, "", OptionalInt.empty(), OptionalLong.empty(),
            Optional.empty(), false);
        return List.of(
            new ClusterNode("n1", ClusterObject.NOT_YET_CREATED,
                List.of(IpPrefix.of("10.244.1.0/24"), IpPrefix.of("fd00::/64"), IpPrefix.of("0.0.0.0/0")),
                List.of(four, six), "zone-a", Optional.of(full), List.of("one", "two")),
            new ClusterNode("n2", -1, List.of(), List.of(), "", Optional.of(empty), List.of()),
            new ClusterNode("n3", 0, List.of(), List.of(), "", Optional.empty(), List.of()),
            new Pod("default", "p", 1_790_000_000_000L, "n1", true, List.of(four, six)),
            new Pod("", "ünïcödé 日本", 127, "", false, List.of()),
            new Service("default", "s", 128, "LoadBalancer",
                new Service.Addresses(List.of(four), List.of(six, four), List.of(four)),
                List.of(new Service.Port("", 0, Protocol.TCP), new Service.Port("dns", 65_535, Protocol.UDP, 30_053),
                    new Service.Port("x", -1, Protocol.SCTP)),
                new Service.Behaviour(true, false, 86_400, List.of(IpPrefix.of("192.0.2.0/24")), 32_000, true),
                List.of("IPv6")),
            new Service("default", "t", 128, "ClusterIP", Service.Addresses.NONE, List.of(),
                new Service.Behaviour(false, true, 0, List.of(), 0, false), List.of()),
            new ServiceCidr("more", 77, List.of(IpPrefix.of("10.97.0.0/16"), IpPrefix.of("fd00::/112")),
                List.of("fd00::/112 is not served")),
            new EndpointSlice("default", "s-1", "s",
                List.of(new EndpointSlice.Endpoint(List.of(four), true, false, false, "n1"),
                    new EndpointSlice.Endpoint(List.of(), false, true, false, ""),
                    new EndpointSlice.Endpoint(List.of(six), false, false, true, "n2",
                        new EndpointSlice.Hints(List.of("zone-a", "zone-b"), List.of("n1")))),
                List.of(new EndpointSlice.Port("", 80, Protocol.TCP)), List.of()),
            new NetworkPolicy("default", "deny"),
            new Namespace("default", Map.of("kubernetes.io/metadata.name", "default", "empty", "")),
            new Namespace("bare", Map.of()));
    }

    /** A change of the format would be read wrongly by an older or newer Weft: it needs another {@link ClusterJournal#VERSION}. */
    @Test
    void theFormatBelongsToItsVersion() throws IOException {
        journal().write(new Contents(AS_OF, oneOfEach()));
        CRC32C crc = new CRC32C();
        crc.update(Files.readAllBytes(file()));
        assertEquals("version 3: 8a95ebe0",
            "version " + ClusterJournal.VERSION + ": " + Long.toHexString(crc.getValue()));
    }

    @Test
    void isEmptyWithoutAFile() {
        ClusterJournal journal = journal();
        assertEquals(Optional.empty(), journal.read());
        assertEquals(List.of(), journal.problems());
    }

    @Test
    void refusesAFileCutAtAnyByte() throws IOException {
        byte[] whole = written();
        for (int length = 0; length < whole.length; length++) {
            assertRefused(Arrays.copyOf(whole, length), "is incomplete or damaged");
        }
        assertRefused(Arrays.copyOf(whole, whole.length + 1), "is incomplete or damaged");
    }

    @Test
    void refusesAFileWithAnyBitFlipped() throws IOException {
        byte[] whole = written();
        for (int bit = 0; bit < whole.length * Byte.SIZE; bit++) {
            byte[] flipped = whole.clone();
            flipped[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
            assertRefused(flipped, "is incomplete or damaged");
        }
    }

    @Test
    void refusesAnotherVersion() throws IOException {
        byte[] payload = payload(written());
        payload[0]++;
        assertRefused(record(payload), "has version 4, and this Weft reads version 3");
    }

    @Test
    void refusesAnotherNodesFile() throws IOException {
        new ClusterJournal(state, "n2").write(new Contents(AS_OF, oneOfEach()));
        assertRefused(Files.readAllBytes(file()), "belongs to node n2, this is n1");
    }

    /** A valid checksum over contents that no Weft has written. */
    @Test
    void refusesWhatCannotBeDecoded() throws IOException {
        byte[] payload = payload(written());
        for (int length = 1; length < payload.length; length++) {
            assertEquals(Optional.empty(), readAfterWriting(record(Arrays.copyOf(payload, length))).read());
        }
        assertRefused(record(Arrays.copyOf(payload, payload.length + 1)), "continues after its last object");
        for (int at = 1; at < payload.length; at++) {
            byte[] changed = payload.clone();
            changed[at] = -1;
            Optional<Contents> _ = readAfterWriting(record(changed)).read(); // another value, or refused: never an exception
        }
    }

    @Test
    void staysWithoutTheFileIfItCannotBeRead() throws IOException {
        Files.createDirectory(file());
        ClusterJournal journal = journal();
        assertEquals(Optional.empty(), journal.read());
        assertEquals(1, journal.problems().size());
        assertTrue(journal.problems().getFirst().startsWith("cannot be read and is not used: "),
            journal.problems().getFirst());
    }

    @Test
    void reportsThatItCannotBeWrittenUntilItIsWritten() throws IOException {
        Files.createDirectories(file().resolve("in-the-way"));
        ClusterJournal journal = journal();
        assertThrows(IOException.class, () -> journal.write(new Contents(AS_OF, List.of())));
        assertTrue(journal.problems().getFirst().startsWith(file() + ": cannot be written: "),
            journal.problems().getFirst());
        Files.delete(file().resolve("in-the-way"));
        Files.delete(file());
        journal.write(new Contents(AS_OF, List.of()));
        assertEquals(List.of(), journal.problems());
        assertTrue(journal().read().isPresent());
    }

    @Test
    void aLargeClusterFitsIntoAFewMegabytes() throws IOException {
        List<ClusterObject> objects = LargeCluster.objects(10_000, 15);
        int length = journal().write(new Contents(AS_OF, objects));
        assertTrue(length < 4 << 20, length + " bytes");
        assertEquals(objects, journal().read().orElseThrow().objects());
    }

    private byte[] written() throws IOException {
        journal().write(new Contents(AS_OF, oneOfEach()));
        return Files.readAllBytes(file());
    }

    private static byte[] payload(byte[] file) {
        return Arrays.copyOfRange(file, ChecksummedRecord.HEADER_LENGTH, file.length);
    }

    private static byte[] record(byte[] payload) {
        Bytes<?> bytes = Bytes.allocateElasticOnHeap();
        ChecksummedRecord.write(bytes, ClusterJournal.MAGIC, payload);
        return bytes.toByteArray();
    }

    private void assertRefused(byte[] content, String reason) throws IOException {
        ClusterJournal journal = readAfterWriting(content);
        assertEquals(Optional.empty(), journal.read());
        assertEquals(List.of(file() + ": " + reason + "; it is not used, and is kept as cluster.journal.refused"),
            journal.problems());
        assertFalse(Files.exists(file()));
        assertEquals(-1, Arrays.mismatch(content, Files.readAllBytes(state.resolve("cluster.journal.refused"))));
    }

    private ClusterJournal readAfterWriting(byte[] content) throws IOException {
        Files.write(file(), content);
        return journal();
    }

    private ClusterJournal journal() {
        return new ClusterJournal(state, "n1");
    }

    private Path file() {
        return state.resolve("cluster.journal");
    }
}
