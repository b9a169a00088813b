package io.weft.dataplane.pcap;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes a pcapng section of Ethernet frames (draft-ietf-opsawg-pcapng), little-endian: interfaces, and frames with their direction and a
 * comment. An interface may be described at any time before its first frame. Each call writes whole blocks. Cold code.
 */
public final class PcapngWriter implements AutoCloseable {
    private static final int SECTION_HEADER = 0x0A0D_0D0A;
    private static final int BYTE_ORDER = 0x1A2B_3C4D;
    private static final int INTERFACE_DESCRIPTION = 1;
    private static final int ENHANCED_PACKET = 6;
    private static final short LINKTYPE_ETHERNET = 1;
    private static final int OPT_COMMENT = 1;
    private static final int SHB_USERAPPL = 4;
    private static final int IF_NAME = 2;
    private static final int IF_DESCRIPTION = 3;
    private static final int IF_TSRESOL = 9;
    private static final int EPB_FLAGS = 2;
    private static final byte NANOSECONDS = 9;
    private static final int INBOUND = 1;
    private static final int OUTBOUND = 2;
    private static final int BLOCK_OVERHEAD = 12;
    private static final int PACKET_HEADER = 20;

    private final OutputStream out;
    private final int snapLength;
    private int interfaces;

    /** Writes the section header. */
    public PcapngWriter(OutputStream out, String application, int snapLength) throws IOException {
        this.out = out;
        this.snapLength = snapLength;
        Options options = new Options().text(SHB_USERAPPL, application);
        ByteBuffer body = body(16 + options.length()).putInt(BYTE_ORDER).putShort((short) 1).putShort((short) 0)
            .putLong(-1);
        block(SECTION_HEADER, body.put(options.bytes()));
    }

    /**
     * @param description empty for none
     * @return the interface's number, for {@link #frame}
     */
    public int addInterface(String name, String description) throws IOException {
        Options options = new Options().text(IF_NAME, name);
        if (!description.isEmpty()) {
            options.text(IF_DESCRIPTION, description);
        }
        options.option(IF_TSRESOL, NANOSECONDS);
        ByteBuffer body = body(8 + options.length()).putShort(LINKTYPE_ETHERNET).putShort((short) 0).putInt(snapLength);
        block(INTERFACE_DESCRIPTION, body.put(options.bytes()));
        return interfaces++;
    }

    /**
     * @param nanos since 1970
     * @param length bytes that the frame has
     * @param captured its first bytes
     * @param comment empty for none
     */
    public void frame(int number, long nanos, boolean inbound, int length, byte[] captured, String comment)
        throws IOException {
        Options options = new Options().word(EPB_FLAGS, inbound ? INBOUND : OUTBOUND);
        if (!comment.isEmpty()) {
            options.text(OPT_COMMENT, comment);
        }
        int padded = padded(captured.length);
        ByteBuffer body = body(PACKET_HEADER + padded + options.length()).putInt(number).putInt((int) (nanos >>> 32))
            .putInt((int) nanos).putInt(captured.length).putInt(length).put(captured);
        body.position(PACKET_HEADER + padded);
        block(ENHANCED_PACKET, body.put(options.bytes()));
    }

    public void flush() throws IOException {
        out.flush();
    }

    @Override
    public void close() throws IOException {
        out.close();
    }

    private static ByteBuffer body(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static int padded(int length) {
        return length + 3 & -4;
    }

    private void block(int type, ByteBuffer body) throws IOException {
        byte[] block = new byte[BLOCK_OVERHEAD + body.capacity()];
        ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN).putInt(type).putInt(block.length).put(body.flip())
            .putInt(block.length);
        out.write(block);
    }

    /** Options, each padded to 32 bits, and the end of them. */
    private static final class Options {
        private static final int END = 4;

        private byte[] all = {};

        Options text(int code, String text) {
            return option(code, text.getBytes(StandardCharsets.UTF_8));
        }

        Options word(int code, int value) {
            byte[] bytes = new byte[Integer.BYTES];
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(value);
            return option(code, bytes);
        }

        Options option(int code, byte... value) {
            byte[] grown = new byte[all.length + 4 + padded(value.length)];
            ByteBuffer.wrap(grown).order(ByteOrder.LITTLE_ENDIAN).put(all).putShort((short) code)
                .putShort((short) value.length).put(value);
            all = grown;
            return this;
        }

        int length() {
            return all.length + END;
        }

        byte[] bytes() {
            return Arrays.copyOf(all, length());
        }
    }
}
