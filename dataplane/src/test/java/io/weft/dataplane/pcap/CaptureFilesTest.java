package io.weft.dataplane.pcap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written can be read, and nothing that is damaged does harm. {@code CaptureIT} has tshark read it. */
class CaptureFilesTest {
    private static final byte[] FRAME = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

    @TempDir Path directory;

    private Path pcapng() throws IOException {
        Path file = directory.resolve("a.pcapng");
        try (PcapngWriter writer = new PcapngWriter(Files.newOutputStream(file), "test", 64)) {
            int first = writer.addInterface("eth0", "");
            writer.frame(first, 1_700_000_000_123_456_789L, true, 15, FRAME, "");
            int second = writer.addInterface("weft1", "default/web-0");
            writer.frame(second, 1_700_000_000_123_456_790L, false, 1000, Arrays.copyOf(FRAME, 14),
                "dropped: no_route");
        }
        return file;
    }

    @Test
    void whatIsWrittenCanBeRead() throws Exception {
        try (CaptureFileReader reader = CaptureFileReader.open(pcapng())) {
            assertArrayEquals(FRAME, reader.next());
            assertArrayEquals(Arrays.copyOf(FRAME, 14), reader.next());
            assertNull(reader.next());
        }
    }

    @Test
    void pcapOfEitherByteOrder() throws Exception {
        for (ByteOrder order : new ByteOrder[]{ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
            Path file = directory.resolve("b.pcap");
            Files.write(file, pcap(order, 1));
            try (CaptureFileReader reader = CaptureFileReader.open(file)) {
                assertArrayEquals(FRAME, reader.next());
                assertNull(reader.next());
            }
        }
    }

    private static byte[] pcap(ByteOrder order, int linkType) {
        byte[] file = new byte[24 + 16 + FRAME.length];
        ByteBuffer.wrap(file).order(order).putInt(0xA1B2_C3D4).putShort((short) 2).putShort((short) 4).putInt(0)
            .putInt(0)
            .putInt(65_535).putInt(linkType).putInt(0).putInt(0).putInt(FRAME.length).putInt(FRAME.length).put(FRAME);
        return file;
    }

    @Test
    void errorsNameTheFile() throws Exception {
        Path file = directory.resolve("wrong");
        Files.writeString(file, "no capture file at all");
        assertEquals(file + ": not a pcap or pcapng file",
            assertThrows(IOException.class, () -> CaptureFileReader.open(file)).getMessage());
        Files.write(file, pcap(ByteOrder.LITTLE_ENDIAN, 113));
        assertEquals(file + ": link type 113, but only Ethernet (1) is supported",
            assertThrows(IOException.class, () -> CaptureFileReader.open(file)).getMessage());
    }

    @Test
    void damagedFilesEndInAnError() throws Exception {
        byte[] good = Files.readAllBytes(pcapng());
        Random random = new Random(5);
        Path file = directory.resolve("damaged");
        for (int i = 0; i < 300; i++) {
            byte[] bytes = Arrays.copyOf(good, random.nextInt(good.length + 1));
            for (int changes = random.nextInt(4); changes > 0 && bytes.length > 0; changes--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            Files.write(file, bytes);
            try (CaptureFileReader reader = CaptureFileReader.open(file)) {
                while (reader.next() != null) {
                    // all that can be read
                }
            } catch (IOException expected) {
                assertEquals(true, expected.getMessage().startsWith(file.toString()));
            }
        }
    }
}
