package io.weft.controlplane.ipam;

import io.weft.controlplane.journal.ChecksummedRecord;
import io.weft.encap.address.IpAddress;
import java.nio.BufferUnderflowException;
import java.util.ArrayList;
import java.util.List;
import net.openhft.chronicle.bytes.Bytes;

/**
 * One record of the journal, a {@link ChecksummedRecord} on disk: an attachment allocated or adopted, or one released; the first names the
 * node.
 */
sealed interface JournalRecord {
    int MAGIC = 0x54464557; // "WEFT"
    int MAX_PAYLOAD = 1 << 16;
    byte ALLOCATED = 1;
    byte RELEASED = 2;
    byte NODE = 3;

    record Allocated(Attachment attachment) implements JournalRecord {
    }

    record Released(AttachmentKey key) implements JournalRecord {
    }

    /**
     * The first record of a file: the node that the file belongs to.
     *
     * @param bootId the kernel's boot_id when the file was written; empty if unknown
     */
    record Node(String name, String bootId) implements JournalRecord {
    }

    default void writeTo(Bytes<?> out) {
        Bytes<?> payload = Bytes.allocateElasticOnHeap();
        switch (this) {
            case Allocated allocated -> writeAttachment(payload.writeByte(ALLOCATED), allocated.attachment());
            case Released released -> writeKey(payload.writeByte(RELEASED), released.key());
            case Node node -> payload.writeByte(NODE).writeUtf8(node.name()).writeUtf8(node.bootId());
        }
        ChecksummedRecord.write(out, MAGIC, payload.toByteArray());
    }

    /** @return the record at {@code offset}; null if there is none, or if it is incomplete or damaged */
    static JournalRecord read(Bytes<?> in, long offset) {
        byte[] payload = ChecksummedRecord.read(in, offset, MAGIC, MAX_PAYLOAD);
        return payload == null ? null : decode(payload);
    }

    /**
     * Whether the bytes from {@code offset} on, which are not a valid record, can be an incomplete one: the start of a record, or zeros in
     * place of bytes that the file system had not written.
     */
    static boolean isTorn(Bytes<?> in, long offset) {
        long remaining = in.readLimit() - offset;
        return isZero(in, offset) || isPrefixOfMagic(in, offset)
            && (remaining < ChecksummedRecord.HEADER_LENGTH
                || isPlausible(ChecksummedRecord.payloadLength(in, offset)) && remaining < lengthAt(in, offset));
    }

    private static boolean isZero(Bytes<?> in, long offset) {
        for (long at = offset; at < in.readLimit(); at++) {
            if (in.readByte(at) != 0) { return false; }
        }
        return true;
    }

    private static boolean isPrefixOfMagic(Bytes<?> in, long offset) {
        for (int i = 0; i < Integer.BYTES && offset + i < in.readLimit(); i++) {
            if (in.readByte(offset + i) != (byte) (MAGIC >>> Byte.SIZE * i)) { return false; }
        }
        return true;
    }

    private static boolean isPlausible(int length) {
        return length >= 1 && length <= MAX_PAYLOAD;
    }

    static long lengthAt(Bytes<?> in, long offset) {
        return (long) ChecksummedRecord.HEADER_LENGTH + ChecksummedRecord.payloadLength(in, offset);
    }

    private static JournalRecord decode(byte[] payload) {
        Bytes<?> in = Bytes.wrapForRead(payload);
        try {
            return switch (in.readByte()) {
                case ALLOCATED -> new Allocated(readAttachment(in));
                case RELEASED -> new Released(readKey(in));
                case NODE -> new Node(in.readUtf8(), readLastUtf8(in));
                default -> null;
            };
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            return null;
        }
    }

    /** Later fields come last: earlier versions do not write the pod's name and the port mappings, and ignore what follows theirs. */
    private static void writeAttachment(Bytes<?> out, Attachment attachment) {
        writeKey(out, attachment.key());
        out.writeUtf8(attachment.network()).writeUtf8(attachment.netns()).writeUtf8(attachment.hostIfName());
        out.writeInt(attachment.portId()).writeLong(attachment.attachId());
        out.writeInt(attachment.podIp().toInt()).writeLong(attachment.podMac()).writeInt(attachment.mtu());
        out.writeUtf8(attachment.podName());
        out.writeInt(attachment.portMappings().size());
        for (PortMapping mapping : attachment.portMappings()) {
            out.writeInt(mapping.hostIp().toInt()).writeInt(mapping.hostPort()).writeInt(mapping.protocol())
                .writeInt(mapping.containerPort());
        }
    }

    private static Attachment readAttachment(Bytes<?> in) {
        AttachmentKey key = readKey(in);
        String network = in.readUtf8();
        String netns = in.readUtf8();
        String hostIfName = in.readUtf8();
        int portId = in.readInt();
        long attachId = in.readLong();
        IpAddress podIp = IpAddress.ipv4(in.readInt());
        long podMac = in.readLong();
        int mtu = in.readInt();
        String podName = readLastUtf8(in);
        return new Attachment(new AttachmentNames(key, network, netns, podName), hostIfName, portId, attachId, podIp,
            podMac, mtu, readPortMappings(in));
    }

    private static List<PortMapping> readPortMappings(Bytes<?> in) {
        List<PortMapping> mappings = new ArrayList<>();
        int count = in.readRemaining() == 0 ? 0 : in.readInt();
        for (int i = 0; i < count; i++) {
            if (in.readRemaining() == 0) { throw new IllegalArgumentException("port mappings are missing"); }
            mappings.add(new PortMapping(IpAddress.ipv4(in.readInt()), in.readInt(), in.readInt(), in.readInt()));
        }
        return mappings;
    }

    /** A field that records of earlier versions lack. */
    private static String readLastUtf8(Bytes<?> in) {
        return in.readRemaining() == 0 ? "" : in.readUtf8();
    }

    private static void writeKey(Bytes<?> out, AttachmentKey key) {
        out.writeUtf8(key.containerId()).writeUtf8(key.ifName());
    }

    private static AttachmentKey readKey(Bytes<?> in) {
        return new AttachmentKey(in.readUtf8(), in.readUtf8());
    }
}
