package io.weft.perf.traffic.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.perf.traffic.FrameTemplate;
import io.weft.perf.traffic.Frames;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class FramesCommandTest {
    private static final int FLOWS = 100;

    @Test
    void writesEveryFlowOnceWithRightChecksums(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("frames.pcap");
        int exit = new CommandLine(new FramesCommand()).execute("--to", file.toString(), "--flows", "" + FLOWS,
            "--dst-mac",
            "02:00:00:00:00:0b", "--src", "10.244.9.5", "--dst", "10.244.1.5", "--tunnel-src", "192.0.2.9",
            "--tunnel-dst", "192.0.2.1", "--tunnel-dst-mac", "02:00:00:00:00:0c");
        assertEquals(0, exit);
        ByteBuffer capture = ByteBuffer.wrap(Files.readAllBytes(file)).position(24);
        int frames = 0;
        while (capture.hasRemaining()) {
            capture.getLong();
            byte[] frame = new byte[capture.getInt()];
            assertEquals(frame.length, capture.getInt());
            capture.get(frame);
            Frames.assertSound(frame, FrameTemplate.TUNNEL_LENGTH);
            frames++;
        }
        assertEquals(FLOWS, frames);
    }
}
