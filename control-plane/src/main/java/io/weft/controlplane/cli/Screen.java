package io.weft.controlplane.cli;

import io.weft.nativebindings.linux.Terminal;
import java.io.PrintWriter;

/**
 * Standard output, on which pages follow each other: on a terminal that understands it, each in place of the one before (ECMA-48), otherwise
 * one below the other.
 */
final class Screen {
    static final int STANDARD_OUTPUT = 1;
    private static final String CLEAR = "\u001B[H\u001B[2J\u001B[3J";
    private static final int DEFAULT_ROWS = 24;

    private final PrintWriter out;
    private final boolean terminal;
    private boolean first = true;

    Screen(PrintWriter out) {
        this.out = out;
        String type = System.getenv("TERM");
        terminal = type != null && !type.isEmpty() && !type.equals("dumb") && Terminal.isTerminal(STANDARD_OUTPUT);
    }

    /** Before each page. */
    void begin() {
        if (terminal) {
            out.print(CLEAR);
        } else if (!first) {
            out.println();
        }
        first = false;
    }

    /** The page, cut to the terminal. */
    void print(String page) {
        if (!terminal) {
            out.print(page);
            out.flush();
            return;
        }
        Terminal.Size size = Terminal.size(STANDARD_OUTPUT);
        int columns = size.columns() == 0 ? Integer.MAX_VALUE : size.columns();
        page.lines().limit(rows() - 1L)
            .forEach(line -> out.println(line.length() > columns ? line.substring(0, columns) : line));
        out.flush();
    }

    /** Lines that are seen at once. */
    int rows() {
        if (!terminal) { return Integer.MAX_VALUE; }
        int rows = Terminal.size(STANDARD_OUTPUT).rows();
        return rows == 0 ? DEFAULT_ROWS : rows;
    }
}
