package io.weft.vmlab.kubernetes;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Writes a tar archive (POSIX.1-1988 ustar) of files that belong to root. Names have at most 100 bytes, files less than 8 GiB. */
final class TarWriter implements AutoCloseable {
    private static final int BLOCK = 512;
    private static final int NAME_BYTES = 100;
    private static final int MODE_AT = 100;
    private static final int OWNER_AT = 108;
    private static final int GROUP_AT = 116;
    private static final int SIZE_AT = 124;
    private static final int TIME_AT = 136;
    private static final int CHECKSUM_AT = 148;
    private static final int CHECKSUM_BYTES = 8;
    private static final int TYPE_AT = 156;
    private static final int LINK_AT = 157;
    private static final int MAGIC_AT = 257;
    private static final byte[] MAGIC = "ustar\00000".getBytes(StandardCharsets.US_ASCII);
    private static final int SMALL_DIGITS = 7;
    private static final int LARGE_DIGITS = 11;
    private static final int LINK_MODE = 0777;
    private final OutputStream out;

    TarWriter(OutputStream out) {
        this.out = out;
    }

    void directory(String name, int mode) throws IOException {
        out.write(header(name + "/", '5', mode, 0, ""));
    }

    void symbolicLink(String name, String target) throws IOException {
        out.write(header(name, '2', LINK_MODE, 0, target));
    }

    void file(String name, int mode, byte[] content) throws IOException {
        out.write(header(name, '0', mode, content.length, ""));
        out.write(content);
        pad(content.length);
    }

    void file(String name, int mode, Path content) throws IOException {
        long size = Files.size(content);
        out.write(header(name, '0', mode, size, ""));
        Files.copy(content, out);
        pad(size);
    }

    private void pad(long size) throws IOException {
        out.write(new byte[(int) (-size & BLOCK - 1)]);
    }

    private static byte[] header(String name, char type, int mode, long size, String link) {
        byte[] header = new byte[BLOCK];
        put(header, 0, text(name));
        octal(header, MODE_AT, SMALL_DIGITS, mode);
        octal(header, OWNER_AT, SMALL_DIGITS, 0);
        octal(header, GROUP_AT, SMALL_DIGITS, 0);
        octal(header, SIZE_AT, LARGE_DIGITS, size);
        octal(header, TIME_AT, LARGE_DIGITS, 0);
        header[TYPE_AT] = (byte) type;
        put(header, LINK_AT, text(link));
        put(header, MAGIC_AT, MAGIC);
        Arrays.fill(header, CHECKSUM_AT, CHECKSUM_AT + CHECKSUM_BYTES, (byte) ' ');
        int sum = 0;
        for (byte each : header) {
            sum += each & 0xff;
        }
        octal(header, CHECKSUM_AT, CHECKSUM_BYTES - 2, sum);
        header[CHECKSUM_AT + CHECKSUM_BYTES - 2] = 0;
        return header;
    }

    private static byte[] text(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > NAME_BYTES) { throw new IllegalArgumentException(name + ": longer than " + NAME_BYTES); }
        return bytes;
    }

    private static void octal(byte[] header, int at, int digits, long value) {
        put(header, at, String.format("%0" + digits + "o", value).getBytes(StandardCharsets.US_ASCII));
    }

    private static void put(byte[] header, int at, byte[] bytes) {
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }

    /** Writes the end of the archive and closes the stream. */
    @Override
    public void close() throws IOException {
        out.write(new byte[2 * BLOCK]);
        out.close();
    }
}
