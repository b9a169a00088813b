package io.weft.controlplane.ipam;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.controlplane.ipam.AttachmentStore.ExhaustedException;
import io.weft.controlplane.journal.ChecksummedRecord;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32C;
import net.openhft.chronicle.bytes.Bytes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AttachmentStoreTest {
    /** Bytes of the last fields of a record, where they are empty. */
    private static final int EMPTY_TEXT = 1;
    private static final int NO_PORT_MAPPINGS = 4;

    @TempDir private Path state;

    @Test
    void allocatesDistinctAddressesPortsAndNamesAndStoresThem() throws Exception {
        List<Attachment> given;
        try (AttachmentStore store = open("10.244.1.0/24")) {
            allocate(store, "a");
            allocate(store, "b");
            given = store.all();
        }
        assertEquals(List.of("10.244.1.2", "10.244.1.3"),
            given.stream().map(attachment -> attachment.podIp().toString()).toList());
        assertEquals(List.of(2, 3), given.stream().map(Attachment::portId).toList());
        assertTrue(AttachmentStore.isHostIfName(given.get(0).hostIfName()));
        assertEquals(15, given.get(0).hostIfName().length());
        assertNotEquals(given.get(0).attachId(), given.get(1).attachId());
        try (AttachmentStore store = open("10.244.1.0/24")) {
            assertEquals(given, store.all());
            assertEquals("10.244.1.4", allocate(store, "c").podIp().toString());
        }
    }

    @ParameterizedTest
    @CsvSource({"10.9.9.4/30,1", "10.9.9.0/29,5", "10.9.9.128/25,125", "10.9.9.8/31,0", "10.9.9.8/32,0"})
    void neverAllocatesBaseGatewayOrBroadcast(String prefix, int expected) throws Exception {
        IpPrefix range = IpPrefix.of(prefix);
        Set<IpAddress> addresses = new HashSet<>();
        try (AttachmentStore store = open(prefix)) {
            for (int i = 0; i < expected; i++) {
                addresses.add(allocate(store, "c" + i).podIp());
            }
            assertThrows(ExhaustedException.class, () -> allocate(store, "over"));
        }
        assertEquals(expected, addresses.size());
        assertTrue(addresses.stream().allMatch(range::contains));
        assertFalse(addresses.contains(range.base()));
        assertFalse(addresses.contains(range.base().plus(1)));
        assertFalse(addresses.contains(range.last()));
    }

    @Test
    void reusesAReleasedAddressLast() throws Exception {
        try (AttachmentStore store = open("10.9.9.0/29")) {
            IpAddress first = allocate(store, "a").podIp();
            store.release(new AttachmentKey("a", "eth0"));
            for (int i = 0; i < 4; i++) {
                assertNotEquals(first, allocate(store, "c" + i).podIp());
            }
            assertEquals(first, allocate(store, "last").podIp());
        }
    }

    @Test
    void manyChangesLeaveASmallFile() throws Exception {
        try (AttachmentStore store = open("10.244.1.0/24")) {
            allocate(store, "stays");
            for (int i = 0; i < 2000; i++) {
                allocate(store, "c");
                store.release(new AttachmentKey("c", "eth0"));
            }
        }
        assertTrue(Files.size(file()) < 100_000, "size " + Files.size(file()));
        try (AttachmentStore store = open("10.244.1.0/24")) {
            assertEquals(1, store.all().size());
        }
    }

    @Test
    void aTruncatedFileKeepsTheRecordsBeforeTheCut() throws Exception {
        byte[] whole;
        try (AttachmentStore store = open("10.244.1.0/24")) {
            allocate(store, "a");
            allocate(store, "b");
            store.release(new AttachmentKey("a", "eth0"));
            allocate(store, "c");
            whole = Files.readAllBytes(file());
        }
        List<Set<String>> stages = List.of(Set.of(), Set.of("a"), Set.of("a", "b"), Set.of("b"), Set.of("b", "c"));
        int stage = 0;
        for (int length = 0; length <= whole.length; length++) {
            Files.write(file(), Arrays.copyOf(whole, length));
            Set<String> names = names(AttachmentJournal.read(file(), "n1"));
            stage = names.equals(stages.get(stage)) ? stage : stage + 1;
            assertEquals(stages.get(stage), names, "cut at " + length);
        }
        assertEquals(4, stage);
    }

    @Test
    void aDamagedByteCostsOneRecordAtMost() throws Exception {
        byte[] whole;
        try (AttachmentStore store = open("10.244.1.0/24")) {
            allocate(store, "a");
            allocate(store, "b");
            allocate(store, "c");
            whole = Files.readAllBytes(file());
        }
        for (int at = 0; at < whole.length; at++) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 0x20;
            Files.write(file(), damaged);
            assertTrue(names(AttachmentJournal.read(file(), "n1")).size() >= 2, "byte " + at);
        }
    }

    @Test
    void distinguishesDamageFromAnIncompleteLastRecord() throws Exception {
        byte[] whole;
        int lastRecord;
        try (AttachmentStore store = open("10.244.1.0/24")) {
            allocate(store, "a");
            lastRecord = (int) Files.size(file());
            allocate(store, "b");
            whole = Files.readAllBytes(file());
        }
        for (int length = lastRecord; length < whole.length; length++) {
            assertEquals("", damageOf(Arrays.copyOf(whole, length)), "cut at " + length);
        }
        assertEquals("", damageOf(Arrays.copyOf(whole, whole.length + 100)), "zeros at the end");
        for (int at = lastRecord; at < whole.length; at++) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 0x20;
            boolean isLength = at >= lastRecord + 4 && at < lastRecord + 8;
            if (!isLength) { // a length that is too large looks like an incomplete record; AttachmentRecovery finds it by the device
                assertNotEquals("", damageOf(damaged), "byte " + at);
            }
        }
        assertNotEquals("", damageOf(new byte[0]), "empty");
    }

    private String damageOf(byte[] journal) throws IOException {
        Files.write(file(), journal);
        return AttachmentJournal.damageOf(file(), "n1");
    }

    @Test
    void allocatesNoAddressTwiceWhenAReleaseIsLost() throws Exception {
        byte[] journal;
        int before;
        try (AttachmentStore store = open("10.9.9.4/30")) {
            allocate(store, "a");
            before = (int) Files.size(file());
            store.release(new AttachmentKey("a", "eth0"));
            allocate(store, "b");
            journal = Files.readAllBytes(file());
        }
        journal[before + ChecksummedRecord.HEADER_LENGTH + 2] ^= 0x20;
        assertNotEquals("", damageOf(journal));
        try (AttachmentStore store = open("10.9.9.4/30")) {
            assertEquals(List.of("b"), store.all().stream().map(each -> each.key().containerId()).toList());
        }
    }

    @Test
    void anAdoptedAttachmentKeepsItsAddressAndGetsAFreePort() throws Exception {
        try (AttachmentStore store = open("10.9.9.0/29")) {
            Attachment first = allocate(store, "a");
            DeviceLabel label = new DeviceLabel(first.podIp().plus(1), first.portId(), 7, List.of(), true,
                Optional.of(new AttachmentKey("b", "eth0")), "weft", "/run/netns/b");
            Attachment second = store.adopt(AttachmentStore.attachment(label, 1450), "found");
            assertNotEquals(first.portId(), second.portId());
            assertEquals(second, store.find(new AttachmentKey("b", "eth0")).orElseThrow());
            assertEquals(List.of("found"), store.notes());
            assertEquals(first.podIp().plus(2), allocate(store, "c").podIp());
            store.release(second.key());
            assertEquals(List.of(), store.notes());
        }
    }

    @Test
    void portsOfTheNodeAreKeptAcrossARestartAndFreeAfterRelease() throws Exception {
        PortMapping all = new PortMapping(IpAddress.ipv4(0), 8080, 6, 80);
        PortMapping one = new PortMapping(IpAddress.of("192.0.2.11"), 53, 17, 5353);
        try (AttachmentStore store = open("10.244.1.0/24")) {
            assertEquals(List.of(all, one), allocate(store, "a", all, one).portMappings());
        }
        try (AttachmentStore store = open("10.244.1.0/24")) {
            Attachment kept = store.all().getFirst();
            assertEquals(List.of(all, one), kept.portMappings());
            assertEquals("hostPort 192.0.2.11:8080/TCP is that of default/a", refusal(store,
                new PortMapping(IpAddress.of("192.0.2.11"), 8080, 6, 80)));
            assertEquals("hostPort 53/UDP is that of default/a", refusal(store,
                new PortMapping(IpAddress.ipv4(0), 53, 17, 53)));
            assertEquals("the pod asks twice for hostPort 9000/TCP", refusal(store,
                new PortMapping(IpAddress.ipv4(0), 9000, 6, 80), new PortMapping(IpAddress.ipv4(0), 9000, 6, 81)));
            assertEquals(1, store.all().size());
            allocate(store, "b", new PortMapping(IpAddress.of("192.0.2.12"), 53, 17, 53),
                new PortMapping(IpAddress.ipv4(0), 8080, 17, 80), new PortMapping(IpAddress.ipv4(0), 53, 6, 53));
            store.release(kept.key());
            allocate(store, "c", all, one);
        }
    }

    private static String refusal(AttachmentStore store, PortMapping... wanted) {
        return assertThrows(AttachmentStore.PortTakenException.class, () -> allocate(store, "x", wanted)).getMessage();
    }

    private static Attachment allocate(AttachmentStore store, String container, PortMapping... mappings)
        throws Exception {
        return store.allocate(new AttachmentNames(new AttachmentKey(container, "eth0"), "weft",
            "/run/netns/" + container, "default/" + container), 1450, List.of(mappings));
    }

    @Test
    void readsFilesOfAnEarlierVersionWhichNameNeitherPodNorBoot() throws Exception {
        Attachment current;
        try (AttachmentStore store = open("10.244.1.0/24")) {
            current = allocate(store, "a").in("/run/netns/b");
        }
        Attachment nameless = new Attachment(
            new AttachmentNames(current.key(), current.network(), current.netns(), ""), current.hostIfName(),
            current.portId(), current.attachId(), current.podIp(), current.podMac(), current.mtu());
        for (int missing : new int[]{EMPTY_TEXT + NO_PORT_MAPPINGS, NO_PORT_MAPPINGS}) {
            Bytes<?> former = Bytes.allocateElasticOnHeap();
            former.write(withoutEnd(new JournalRecord.Node("n1", ""), EMPTY_TEXT));
            former.write(withoutEnd(new JournalRecord.Allocated(nameless), missing));
            Files.write(file(), former.toByteArray());
            try (AttachmentStore store = open("10.244.1.0/24")) {
                assertEquals(List.of(nameless), store.all());
            }
        }
    }

    private static byte[] withoutEnd(JournalRecord entry, int missing) {
        Bytes<?> bytes = Bytes.allocateElasticOnHeap();
        entry.writeTo(bytes);
        byte[] record = Arrays.copyOf(bytes.toByteArray(), (int) bytes.readRemaining() - missing);
        int length = record.length - ChecksummedRecord.HEADER_LENGTH;
        CRC32C crc = new CRC32C();
        crc.update(record, ChecksummedRecord.HEADER_LENGTH, length);
        ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN).putInt(4, length).putInt(8, (int) crc.getValue());
        return record;
    }

    @Test
    void aRebootFreesEveryAddressAndARestartNone() throws Exception {
        try (AttachmentStore store = AttachmentStore.open(state, "n1", "boot-1", 1024)) {
            store.usePrefix(IpPrefix.of("10.244.1.0/24"));
            allocate(store, "a");
        }
        try (AttachmentStore restarted = AttachmentStore.open(state, "n1", "boot-1", 1024)) {
            assertEquals(1, restarted.all().size());
        }
        try (AttachmentStore unknown = AttachmentStore.open(state, "n1", "", 1024)) {
            assertEquals(1, unknown.all().size());
        }
        AttachmentStore.open(state, "n1", "boot-1", 1024).close();
        try (AttachmentStore rebooted = AttachmentStore.open(state, "n1", "boot-2", 1024)) {
            assertEquals(List.of(), rebooted.all());
        }
        try (AttachmentStore again = AttachmentStore.open(state, "n1", "boot-2", 1024)) {
            assertEquals(List.of(), again.all());
            assertEquals(List.of(), again.notes());
        }
    }

    @Test
    void anotherNodesFileIsRefusedInOneLine() throws Exception {
        open("10.244.1.0/24").close();
        IOException e = assertThrows(IOException.class, () -> AttachmentStore.open(state, "n2", 1024));
        assertTrue(e.getMessage().contains("belongs to node n1, this is n2"), e.getMessage());
    }

    private AttachmentStore open(String prefix) throws IOException {
        AttachmentStore store = AttachmentStore.open(state, "n1", 1024);
        store.usePrefix(IpPrefix.of(prefix));
        return store;
    }

    private static Attachment allocate(AttachmentStore store, String container) throws IOException, ExhaustedException {
        return store
            .allocate(new AttachmentNames(new AttachmentKey(container, "eth0"), "weft", "/run/netns/" + container,
                "default/" + container), 1450);
    }

    private static Set<String> names(Map<AttachmentKey, Attachment> attachments) {
        Set<String> names = new HashSet<>();
        attachments.keySet().forEach(key -> names.add(key.containerId()));
        return names;
    }

    private Path file() {
        return state.resolve("ipam/attachments");
    }
}
