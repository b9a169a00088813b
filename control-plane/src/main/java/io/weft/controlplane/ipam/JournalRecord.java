package io.weft.controlplane.ipam;

import io.weft.encap.address.IpAddress;
import java.nio.BufferUnderflowException;
import java.util.zip.CRC32C;
import net.openhft.chronicle.bytes.Bytes;

/**
 * One step of the journal: an attachment given, or one taken back.
 *
 * <p>On disk: {@code magic:u32 length:u32 crc32c:u32 payload}, little-endian; the checksum covers the payload.
 */
sealed interface JournalRecord {
    int MAGIC = 0x54464557; // "WEFT"
    int HEADER_LENGTH = 12;
    int MAX_PAYLOAD = 1 << 16;
    byte GIVEN = 1;
    byte TAKEN_BACK = 2;
    byte NODE = 3;

    record Given(Attachment attachment) implements JournalRecord {
    }

    record TakenBack(AttachmentKey key) implements JournalRecord {
    }

    /** First in a file: the node the file belongs to. */
    record Node(String name) implements JournalRecord {
    }

    default void writeTo(Bytes<?> out) {
        Bytes<?> payload = Bytes.allocateElasticOnHeap();
        switch (this) {
            case Given given -> writeAttachment(payload.writeByte(GIVEN), given.attachment());
            case TakenBack back -> writeKey(payload.writeByte(TAKEN_BACK), back.key());
            case Node node -> payload.writeByte(NODE).writeUtf8(node.name());
        }
        byte[] bytes = payload.toByteArray();
        out.writeInt(MAGIC).writeInt(bytes.length).writeInt(checksum(bytes)).write(bytes);
    }

    /** @return the record at {@code offset}, or null when there is no whole and sound one */
    static JournalRecord read(Bytes<?> in, long offset) {
        if (in.readLimit() - offset < HEADER_LENGTH || in.readInt(offset) != MAGIC) { return null; }
        int length = in.readInt(offset + 4);
        if (!isPlausible(length) || in.readLimit() - offset - HEADER_LENGTH < length) { return null; }
        byte[] payload = new byte[length];
        for (int i = 0; i < length; i++) {
            payload[i] = in.readByte(offset + HEADER_LENGTH + i);
        }
        return checksum(payload) == in.readInt(offset + 8) ? decode(payload) : null;
    }

    /**
     * Whether what begins at {@code offset} and is no sound record can be the start of one whose writing was cut off: a
     * prefix of a record, or zeros that the file system put there for bytes it had not written.
     */
    static boolean isTorn(Bytes<?> in, long offset) {
        long remaining = in.readLimit() - offset;
        return isZero(in, offset) || isPrefixOfMagic(in, offset)
            && (remaining < HEADER_LENGTH || isPlausible(in.readInt(offset + 4))
                && remaining < HEADER_LENGTH + in.readInt(offset + 4));
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
        return (long) HEADER_LENGTH + in.readInt(offset + 4);
    }

    private static JournalRecord decode(byte[] payload) {
        Bytes<?> in = Bytes.wrapForRead(payload);
        try {
            return switch (in.readByte()) {
                case GIVEN -> new Given(readAttachment(in));
                case TAKEN_BACK -> new TakenBack(readKey(in));
                case NODE -> new Node(in.readUtf8());
                default -> null;
            };
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            return null;
        }
    }

    private static void writeAttachment(Bytes<?> out, Attachment attachment) {
        writeKey(out, attachment.key());
        out.writeUtf8(attachment.network()).writeUtf8(attachment.netns()).writeUtf8(attachment.hostIfName());
        out.writeInt(attachment.portId()).writeLong(attachment.attachId());
        out.writeInt(attachment.podIp().toInt()).writeLong(attachment.podMac()).writeInt(attachment.mtu());
    }

    private static Attachment readAttachment(Bytes<?> in) {
        return new Attachment(readKey(in), in.readUtf8(), in.readUtf8(), in.readUtf8(), in.readInt(), in.readLong(),
            IpAddress.ipv4(in.readInt()), in.readLong(), in.readInt());
    }

    private static void writeKey(Bytes<?> out, AttachmentKey key) {
        out.writeUtf8(key.containerId()).writeUtf8(key.ifName());
    }

    private static AttachmentKey readKey(Bytes<?> in) {
        return new AttachmentKey(in.readUtf8(), in.readUtf8());
    }

    private static int checksum(byte[] payload) {
        CRC32C crc = new CRC32C();
        crc.update(payload, 0, payload.length);
        return (int) crc.getValue();
    }
}
