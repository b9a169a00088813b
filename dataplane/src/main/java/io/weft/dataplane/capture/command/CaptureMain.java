package io.weft.dataplane.capture.command;

import io.weft.dataplane.capture.CaptureMessage;
import io.weft.dataplane.capture.CaptureRequest;
import io.weft.dataplane.capture.RingFile;
import io.weft.dataplane.command.ReaderCommand;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/** {@code weft capture}. A signal ends it as a bound does: what is captured is written, and the dataplane stops capturing. */
public final class CaptureMain {
    private CaptureMain() {
    }

    public static void main(String[] words) {
        ReaderCommand.runUntilSignal("capture", onSignal -> run(CaptureArguments.parse(words), onSignal));
    }

    private static void run(CaptureArguments arguments, Consumer<Runnable> onSignal) throws IOException {
        if (arguments.help) {
            System.out.print(CaptureArguments.USAGE);
            System.out.flush();
            return;
        }
        try (
            RingSession session = new RingSession(CaptureMessage.KIND, CaptureRequest.NAME,
                arguments.configuration().runDirectory())) {
            onSignal.accept(session::stop);
            CaptureRequest request = arguments.request(session.id(), session.names());
            try (FrameOutput output = output(arguments, session)) {
                capture(arguments, session, request, output);
            }
        }
    }

    private static void capture(CaptureArguments arguments, RingSession session, CaptureRequest request,
        FrameOutput output) throws IOException {
        RingFile file = session.begin(request::write);
        CaptureFrames frames = new CaptureFrames(file, output, arguments.count);
        session.follow(frames, arguments.seconds);
        System.err.println("weft capture: " + frames.written() + " frames captured, " + file.lost()
            + " lost (no room in the ring: a larger --ring, a smaller --snaplen or a narrower filter helps)");
    }

    private static FrameOutput output(CaptureArguments arguments, RingSession session) throws IOException {
        if (arguments.file.isEmpty()) {
            return FrameOutput.text(RingSession.standardOutput(), session.names(), session.frameText());
        }
        OutputStream out = arguments.file.equals("-") ? RingSession.standardOutput()
            : new BufferedOutputStream(Files.newOutputStream(Path.of(arguments.file)));
        return FrameOutput.pcapng(out, session.names(), arguments.snapLength);
    }
}
