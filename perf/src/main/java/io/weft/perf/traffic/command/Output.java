package io.weft.perf.traffic.command;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.weft.perf.result.MachineFacts;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;

/** Output of the traffic commands. */
final class Output {
    /** Formats of results. */
    enum Format { table, json }

    private Output() {}

    /** Results with the machine on which they were measured. */
    record Report<T>(MachineFacts machine, List<T> results) {
    }

    static <T> void json(PrintWriter out, List<T> results) throws IOException {
        out.println(new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT)
            .writeValueAsString(new Report<>(MachineFacts.read(), results)));
        out.flush();
    }

    /** The line under a table. */
    static void machine(PrintWriter out) {
        MachineFacts machine = MachineFacts.read();
        out.printf("%s, %d cores, Linux %s, JDK %s%n", machine.cpu(), machine.cores(), machine.kernel(), machine.jdk());
        out.flush();
    }
}
