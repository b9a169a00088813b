package io.weft.controlplane.ipam;

import io.weft.controlplane.ipam.JournalRecord.Given;
import io.weft.controlplane.ipam.JournalRecord.Node;
import io.weft.controlplane.ipam.JournalRecord.TakenBack;
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
 * The attachments on disk: a file of checked records, appended and synced one by one, written anew when it has grown.
 *
 * <p>A tail cut short by a crash is dropped: its step was never acknowledged. A damaged record, in the middle or the last one,
 * costs that record alone; the damaged file is kept beside, and {@link #damage} says so. One thread.
 */
final class AttachmentJournal implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AttachmentJournal.class);
    private static final int MIN_RECORDS = 256;

    private final Path file;
    private final String nodeName;
    private FileChannel channel;
    private int records;
    private String damage = "";

    private AttachmentJournal(Path file, String nodeName) {
        this.file = file;
        this.nodeName = nodeName;
    }

    /** Reads the file into {@code into} and opens it for appending. */
    static AttachmentJournal open(Path file, String nodeName, Map<AttachmentKey, Attachment> into) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        AttachmentJournal journal = new AttachmentJournal(file, nodeName);
        if (Files.exists(file)) {
            journal.load(into);
        }
        journal.rewrite(into.values());
        return journal;
    }

    /** What was found damaged at {@link #open}, in one line; empty when all was well. */
    String damage() {
        return damage;
    }

    void given(Attachment attachment) throws IOException {
        append(new Given(attachment));
    }

    void takenBack(AttachmentKey key) throws IOException {
        append(new TakenBack(key));
    }

    /** Writes the file anew when more than half of it is history. */
    void compact(Collection<Attachment> living) throws IOException {
        if (records > MIN_RECORDS + 2 * living.size()) {
            rewrite(living);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private void load(Map<AttachmentKey, Attachment> into) throws IOException {
        Bytes<?> bytes = Bytes.wrapForRead(Files.readAllBytes(file));
        int damaged = bytes.isEmpty() ? 1 : 0; // it is never written without its first record
        long at = 0;
        while (at < bytes.readLimit()) {
            JournalRecord entry = JournalRecord.read(bytes, at);
            if (entry != null) {
                apply(entry, into);
                at += JournalRecord.lengthAt(bytes, at);
                continue;
            }
            long next = nextSound(bytes, at + 1);
            if (next == bytes.readLimit() && JournalRecord.isTorn(bytes, at)) {
                LOG.info("{}: the last record was not written to its end and is left out", file);
            } else {
                damaged++;
            }
            at = next;
        }
        if (damaged > 0) {
            keepDamaged(damaged);
        }
    }

    private void apply(JournalRecord entry, Map<AttachmentKey, Attachment> into) throws IOException {
        switch (entry) {
            case Given given -> applyGiven(given.attachment(), into);
            case TakenBack back -> into.remove(back.key());
            case Node node -> checkNode(node);
        }
    }

    /** Whoever had the address or the port before has given it back, even if that record is lost. */
    private static void applyGiven(Attachment given, Map<AttachmentKey, Attachment> into) {
        into.values().removeIf(
            former -> former.podIp().equals(given.podIp()) || former.portId() == given.portId());
        into.put(given.key(), given);
    }

    private void checkNode(Node node) throws IOException {
        if (!node.name().equals(nodeName)) {
            throw new IOException(file + ": belongs to node " + node.name() + ", this is " + nodeName
                + "; set another stateDirectory, or remove the file when no pod of that node is left");
        }
    }

    private static long nextSound(Bytes<?> bytes, long from) {
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

    private void rewrite(Collection<Attachment> living) throws IOException {
        Bytes<?> bytes = Bytes.allocateElasticOnHeap();
        new Node(nodeName).writeTo(bytes);
        List.copyOf(living).forEach(attachment -> new Given(attachment).writeTo(bytes));
        AtomicFiles.write(file, bytes.toByteArray());
        if (channel != null) {
            channel.close();
        }
        channel = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
        records = living.size() + 1;
    }

    /** Synced before it returns; when that fails the file is as before. */
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

    /** What a file says, without opening it for appending, for tests that look at the file. */
    static Map<AttachmentKey, Attachment> read(Path file, String nodeName) throws IOException {
        Map<AttachmentKey, Attachment> attachments = new LinkedHashMap<>();
        new AttachmentJournal(file, nodeName).load(attachments);
        return attachments;
    }

    /** As {@link #read}, its {@link #damage}. */
    static String damageOf(Path file, String nodeName) throws IOException {
        AttachmentJournal journal = new AttachmentJournal(file, nodeName);
        journal.load(new LinkedHashMap<>());
        return journal.damage();
    }
}
