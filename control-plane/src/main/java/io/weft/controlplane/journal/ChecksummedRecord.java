package io.weft.controlplane.journal;

import java.util.zip.CRC32C;
import net.openhft.chronicle.bytes.Bytes;

/**
 * A record of a file in the state directory: {@code magic:u32 length:u32 crc32c:u32 payload}, little-endian. Length and checksum are those
 * of the payload. The header needs no checksum: any change to it makes the record invalid.
 */
public final class ChecksummedRecord {
    public static final int HEADER_LENGTH = 12;
    private static final int LENGTH_OFFSET = 4;
    private static final int CHECKSUM_OFFSET = 8;

    private ChecksummedRecord() {
    }

    /** @param magic the kind of file */
    public static void write(Bytes<?> out, int magic, byte[] payload) {
        out.writeInt(magic).writeInt(payload.length).writeInt(checksum(payload)).write(payload);
    }

    /**
     * @param magic the kind of file
     * @param maxPayload bytes
     * @return the payload of the record at {@code offset}; null if there is none, or if it is incomplete or damaged
     */
    public static byte[] read(Bytes<?> in, long offset, int magic, int maxPayload) {
        if (in.readLimit() - offset < HEADER_LENGTH || in.readInt(offset) != magic) { return null; }
        int length = payloadLength(in, offset);
        if (length < 1 || length > maxPayload || in.readLimit() - offset - HEADER_LENGTH < length) { return null; }
        byte[] payload = new byte[length];
        in.read(offset + HEADER_LENGTH, payload, 0, length);
        return checksum(payload) == in.readInt(offset + CHECKSUM_OFFSET) ? payload : null;
    }

    /** Bytes, as the header at {@code offset} has it, unchecked. */
    public static int payloadLength(Bytes<?> in, long offset) {
        return in.readInt(offset + LENGTH_OFFSET);
    }

    private static int checksum(byte[] payload) {
        CRC32C crc = new CRC32C();
        crc.update(payload, 0, payload.length);
        return (int) crc.getValue();
    }
}
