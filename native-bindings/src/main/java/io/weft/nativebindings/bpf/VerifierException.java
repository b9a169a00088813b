package io.weft.nativebindings.bpf;

import io.weft.nativebindings.linux.LinuxException;
import java.util.List;

/** The verifier refused a program. The message ends with the log's last lines; {@link #log} is the whole log. */
public final class VerifierException extends LinuxException {
    private static final long serialVersionUID = 1;
    private static final int LINES_SHOWN = 4;

    private final String log;

    VerifierException(String operation, int errno, String log) {
        super(operation, errno, "Verifier: " + lastLines(log));
        this.log = log;
    }

    /** What the verifier printed, one instruction per line. */
    public String log() {
        return log;
    }

    /** Omits the statistics at the end, which do not explain the refusal. */
    private static String lastLines(String log) {
        List<String> lines = log.lines()
            .map(String::strip)
            .filter(line -> !line.isEmpty() && !line.startsWith("processed ") && !line.startsWith("verification time"))
            .toList();
        return String.join(" | ", lines.subList(Math.max(0, lines.size() - LINES_SHOWN), lines.size()));
    }
}
