package io.weft.dataplane.pcap;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads the frames of a pcap or pcapng file one after the other, in either byte order. Trusts no length in it. Cold code. */
public final class CaptureFileReader implements AutoCloseable {
    private static final int PCAP_MICROS = 0xA1B2_C3D4;
    private static final int PCAP_NANOS = 0xA1B2_3C4D;
    private static final int SECTION_HEADER = 0x0A0D_0D0A;
    private static final int BYTE_ORDER = 0x1A2B_3C4D;
    private static final int INTERFACE_DESCRIPTION = 1;
    private static final int SIMPLE_PACKET = 3;
    private static final int ENHANCED_PACKET = 6;
    private static final int LINKTYPE_ETHERNET = 1;
    private static final int MAX_BLOCK = 1 << 24;
    private static final int PCAP_HEADER = 24;
    private static final int PCAP_RECORD = 16;
    private static final int LINKTYPE_MASK = 0x0FFF_FFFF;

    private final Path path;
    private final InputStream in;
    private final boolean pcapng;
    private ByteOrder order = ByteOrder.BIG_ENDIAN;
    private final List<Integer> linkTypes = new ArrayList<>();

    private CaptureFileReader(Path path, InputStream in) throws IOException {
        this.path = path;
        this.in = in;
        ByteBuffer magic = bytes(4);
        int number = magic.getInt(0);
        pcapng = number == SECTION_HEADER;
        if (pcapng) {
            section();
        } else {
            pcapHeader(number);
        }
    }

    /** @throws IOException if the file cannot be read or is no capture file of Ethernet frames; the message names it */
    public static CaptureFileReader open(Path path) throws IOException {
        InputStream in = new BufferedInputStream(Files.newInputStream(path));
        try {
            return new CaptureFileReader(path, in);
        } catch (EOFException e) {
            in.close();
            throw new IOException(path + ": not a capture file, it ends too early", e);
        } catch (IOException e) {
            in.close();
            throw e;
        }
    }

    /**
     * @return the next frame, as far as it was captured, or null at the end
     * @throws IOException if the file is damaged
     */
    public byte[] next() throws IOException {
        try {
            return pcapng ? nextOfPcapng() : nextOfPcap();
        } catch (EOFException e) {
            throw new IOException(path + ": ends in the middle of a frame", e);
        }
    }

    // -- pcap --------------------------------------------------------------------------------------------------------

    private void pcapHeader(int magic) throws IOException {
        if (magic != PCAP_MICROS && magic != PCAP_NANOS) {
            order = ByteOrder.LITTLE_ENDIAN;
            int swapped = Integer.reverseBytes(magic);
            if (swapped != PCAP_MICROS && swapped != PCAP_NANOS) {
                throw new IOException(path + ": not a pcap or pcapng file");
            }
        }
        requireEthernet(bytes(PCAP_HEADER - 4).getInt(16) & LINKTYPE_MASK);
    }

    private byte[] nextOfPcap() throws IOException {
        int first = in.read();
        if (first < 0) { return null; }
        byte[] header = new byte[PCAP_RECORD];
        header[0] = (byte) first;
        fill(header, 1);
        return frame(ByteBuffer.wrap(header).order(order).getInt(8));
    }

    // -- pcapng ------------------------------------------------------------------------------------------------------

    /** After the block type. */
    private void section() throws IOException {
        ByteBuffer start = bytes(8).order(ByteOrder.BIG_ENDIAN);
        order = start.getInt(4) == BYTE_ORDER ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
        if (start.order(order).getInt(4) != BYTE_ORDER) { throw new IOException(path + ": damaged section header"); }
        linkTypes.clear();
        frame(checked(start.getInt(0)) - 12);
    }

    private byte[] nextOfPcapng() throws IOException {
        for (;;) {
            int first = in.read();
            if (first < 0) { return null; }
            byte[] type = new byte[4];
            type[0] = (byte) first;
            fill(type, 1);
            if (ByteBuffer.wrap(type).getInt(0) == SECTION_HEADER) {
                section();
                continue;
            }
            int length = checked(bytes(4).getInt(0));
            ByteBuffer body = ByteBuffer.wrap(frame(length - 8)).order(order); // with the length at its end
            byte[] frame = block(ByteBuffer.wrap(type).order(order).getInt(0), body);
            if (frame != null) { return frame; }
        }
    }

    private byte[] block(int type, ByteBuffer body) throws IOException {
        switch (type) {
            case INTERFACE_DESCRIPTION -> linkTypes.add(body.getShort(0) & 0xFFFF);
            case ENHANCED_PACKET -> {
                requireEthernet(linkType(body.getInt(0)));
                return slice(body, 20, body.getInt(12));
            }
            case SIMPLE_PACKET -> {
                requireEthernet(linkType(0));
                return slice(body, 4, Math.min(body.getInt(0), body.limit() - 8));
            }
            default -> {
                // statistics, names and others
            }
        }
        return null;
    }

    private int linkType(int index) throws IOException {
        if (index < 0 || index >= linkTypes.size()) {
            throw new IOException(path + ": a frame of interface " + index + ", which the file does not describe");
        }
        return linkTypes.get(index);
    }

    private byte[] slice(ByteBuffer body, int at, int length) throws IOException {
        if (length < 0 || length > body.limit() - at - 4) { throw new IOException(path + ": damaged packet block"); }
        byte[] frame = new byte[length];
        body.get(at, frame);
        return frame;
    }

    // -- both --------------------------------------------------------------------------------------------------------

    private void requireEthernet(int linkType) throws IOException {
        if (linkType != LINKTYPE_ETHERNET) {
            throw new IOException(path + ": link type " + linkType + ", but only Ethernet (1) is supported");
        }
    }

    private int checked(int length) throws IOException {
        if (length < 12 || length > MAX_BLOCK || length % 4 != 0) {
            throw new IOException(path + ": damaged: a block of " + length + " bytes");
        }
        return length;
    }

    private byte[] frame(int length) throws IOException {
        if (length < 0 || length > MAX_BLOCK) {
            throw new IOException(path + ": damaged: a frame of " + length + " bytes");
        }
        byte[] frame = in.readNBytes(length); // grows with what is there
        if (frame.length < length) { throw new EOFException(); }
        return frame;
    }

    private ByteBuffer bytes(int count) throws IOException {
        byte[] read = new byte[count];
        fill(read, 0);
        return ByteBuffer.wrap(read).order(order);
    }

    private void fill(byte[] target, int from) throws IOException {
        if (in.readNBytes(target, from, target.length - from) < target.length - from) { throw new EOFException(); }
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
