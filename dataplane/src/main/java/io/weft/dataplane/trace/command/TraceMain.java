package io.weft.dataplane.trace.command;

import io.weft.dataplane.capture.RingFile;
import io.weft.dataplane.capture.command.RingSession;
import io.weft.dataplane.command.ReaderCommand;
import io.weft.dataplane.trace.TraceMessage;
import io.weft.dataplane.trace.TraceRequest;
import java.io.IOException;
import java.io.OutputStream;
import java.util.function.Consumer;

/** {@code weft trace}. A signal ends it as its count and its time do. */
public final class TraceMain {
    private TraceMain() {
    }

    public static void main(String[] words) {
        ReaderCommand.runUntilSignal("trace", onSignal -> run(TraceArguments.parse(words), onSignal));
    }

    private static void run(TraceArguments arguments, Consumer<Runnable> onSignal) throws IOException {
        if (arguments.help) {
            System.out.print(TraceArguments.USAGE);
            System.out.flush();
            return;
        }
        try (
            RingSession session = new RingSession(TraceMessage.KIND, TraceRequest.NAME,
                arguments.configuration().runDirectory());
            OutputStream out = RingSession.standardOutput()) {
            onSignal.accept(session::stop);
            TraceRequest request = arguments.request(session.id(), session.names());
            RingFile file = session.begin(request::write);
            TraceText text = new TraceText(session.names(), session.frameText());
            TraceFrames frames = new TraceFrames(file, out, arguments.json ? text::json : text::lines, arguments.count);
            session.follow(frames, arguments.seconds);
            System.err.println("weft trace: " + frames.written() + " frames traced"
                + (file.lost() == 0 ? "" : ", " + file.lost() + " lost"));
        }
    }
}
