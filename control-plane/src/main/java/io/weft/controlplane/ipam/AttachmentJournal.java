package io.weft.controlplane.ipam;

import io.weft.controlplane.ipam.JournalRecord.Allocated;
import io.weft.controlplane.ipam.JournalRecord.Node;
import io.weft.controlplane.ipam.JournalRecord.Released;
import io.weft.nativebindings.linux.AtomicFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.openhft.chronicle.bytes.Bytes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The attachments on disk: a file of records with checksums. Each change appends a record and syncs it; when the file has grown, it is
 * rewritten.
 *
 * <p>An incomplete last record, left by a crash, is dropped: its change was never acknowledged. A damaged record, wherever it is, costs only
 * itself. A copy of the damaged file is then kept next to it, and {@link #damage} reports it. One thread.
 *
 * <p>No namespace or device survives a reboot, so records of an earlier boot (random(4), boot_id) are dropped when the file is opened: their
 * addresses are free at once, even if no runtime ever sends the DEL.
 */
final class AttachmentJournal implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AttachmentJournal.class);
    private static final int MIN_RECORDS = 256;

    private final Path file;
    private final String nodeName;
    private final String bootId;
    private FileChannel channel;
    private int records;
    private String damage = "";
    private boolean isOfEarlierBoot;

    private AttachmentJournal(Path file, String nodeName, String bootId) {
        this.file = file;
        this.nodeName = nodeName;
        this.bootId = bootId;
    }

    /**
     * Reads the file into {@code into} and opens it for appending.
     *
     * @param bootId the running kernel's; empty if unknown, which keeps all records
     */
    static AttachmentJournal open(Path file, String nodeName, String bootId, Map<AttachmentKey, Attachment> into)
        throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        AttachmentJournal journal = new AttachmentJournal(file, nodeName, bootId);
        if (Files.exists(file)) {
            journal.load(into);
        }
        journal.rewrite(into.values());
        return journal;
    }

    /** What {@link #open} found damaged, in one line; empty if nothing. */
    String damage() {
        return damage;
    }

    void allocated(Attachment attachment) throws IOException {
        append(new Allocated(attachment));
    }

    void released(AttachmentKey key) throws IOException {
        append(new Released(key));
    }

    /** Rewrites the file when more than half of its records are obsolete. */
    void compact(Collection<Attachment> current) throws IOException {
        if (records > MIN_RECORDS + 2 * current.size()) {
            rewrite(current);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private void load(Map<AttachmentKey, Attachment> into) throws IOException {
        Bytes<?> bytes = Bytes.wrapForRead(Files.readAllBytes(file));
        int damaged = bytes.isEmpty() ? 1 : 0; // a file always has its first record
        long at = 0;
        while (at < bytes.readLimit()) {
            JournalRecord entry = JournalRecord.read(bytes, at);
            if (entry != null) {
                apply(entry, into);
                at += JournalRecord.lengthAt(bytes, at);
                continue;
            }
            long next = nextRecord(bytes, at + 1);
            if (next == bytes.readLimit() && JournalRecord.isTorn(bytes, at)) {
                LOG.info("{}: the last record is incomplete and is dropped", file);
            } else {
                damaged++;
            }
            at = next;
        }
        if (damaged > 0) {
            keepDamaged(damaged);
        }
        if (isOfEarlierBoot && !into.isEmpty()) {
            LOG.info("{}: the machine has rebooted; the addresses of its {} former attachments are free", file,
                into.size());
            into.clear();
        }
    }

    private void apply(JournalRecord entry, Map<AttachmentKey, Attachment> into) throws IOException {
        switch (entry) {
            case Allocated allocated -> applyAllocated(allocated.attachment(), into);
            case Released released -> into.remove(released.key());
            case Node node -> checkNode(node);
        }
    }

    /** A former owner of the address or the port has released it, even if the record of that is lost. */
    private static void applyAllocated(Attachment allocated, Map<AttachmentKey, Attachment> into) {
        into.values().removeIf(
            former -> former.podIp().equals(allocated.podIp()) || former.portId() == allocated.portId());
        into.put(allocated.key(), allocated);
    }

    private void checkNode(Node node) throws IOException {
        if (!node.name().equals(nodeName)) {
            throw new IOException(file + ": belongs to node " + node.name() + ", this is " + nodeName
                + "; set another stateDirectory, or remove the file if no pod of that node is left");
        }
        isOfEarlierBoot = !node.bootId().isEmpty() && !bootId.isEmpty() && !node.bootId().equals(bootId);
    }

    private static long nextRecord(Bytes<?> bytes, long from) {
        for (long at = from; at < bytes.readLimit(); at++) {
            if (JournalRecord.read(bytes, at) != null) { return at; }
        }
        return bytes.readLimit();
    }

    private void keepDamaged(int count) throws IOException {
        Path kept = file.resolveSibling(file.getFileName() + ".damaged");
        Files.copy(file, kept, StandardCopyOption.REPLACE_EXISTING);
        damage = file + ": damaged in " + count + (count == 1 ? " place" : " places") + ", the file is kept as "
            + kept.getFileName();
        LOG.warn("{}", damage);
    }

    private void rewrite(Collection<Attachment> current) throws IOException {
        Bytes<?> bytes = Bytes.allocateElasticOnHeap();
        new Node(nodeName, bootId).writeTo(bytes);
        List.copyOf(current).forEach(attachment -> new Allocated(attachment).writeTo(bytes));
        AtomicFiles.write(file, bytes.toByteArray());
        if (channel != null) {
            channel.close();
        }
        channel = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
        records = current.size() + 1;
    }

    /** The record is synced when this returns; if that fails, the file is as before. */
    private void append(JournalRecord entry) throws IOException {
        Bytes<?> bytes = Bytes.allocateElasticOnHeap();
        entry.writeTo(bytes);
        ByteBuffer buffer = ByteBuffer.wrap(bytes.toByteArray());
        long before = channel.size();
        try {
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(false);
            records++;
        } catch (IOException e) {
            channel.truncate(before);
            throw e;
        }
    }

    /** Reads a file without opening it for appending; for tests. */
    static Map<AttachmentKey, Attachment> read(Path file, String nodeName) throws IOException {
        Map<AttachmentKey, Attachment> attachments = new LinkedHashMap<>();
        new AttachmentJournal(file, nodeName, "").load(attachments);
        return attachments;
    }

    /** Like {@link #read}, but returns the {@link #damage}. */
    static String damageOf(Path file, String nodeName) throws IOException {
        AttachmentJournal journal = new AttachmentJournal(file, nodeName, "");
        journal.load(new LinkedHashMap<>());
        return journal.damage();
    }
}
