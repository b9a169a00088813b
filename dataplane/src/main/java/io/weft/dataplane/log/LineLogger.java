package io.weft.dataplane.log;

import java.lang.System.Logger;
import java.text.MessageFormat;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.ResourceBundle;

/** Writes one line for each message of Weft at the {@link LogLevel} or above, and of libraries at WARNING or above; of a cause it prints the text. Any thread. */
final class LineLogger implements Logger {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS");

    private static final String OWN = "io.weft.";

    private final String name;
    private final boolean own;

    LineLogger(String name) {
        this.name = name;
        own = name.startsWith(OWN);
    }

    @Override
    public String getName() { return name; }

    @Override
    public boolean isLoggable(Level level) {
        return own ? LogLevel.current().includes(level) : level.getSeverity() >= Level.WARNING.getSeverity();
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String message, Throwable cause) {
        if (isLoggable(level)) {
            write(level, cause == null ? message : message + ": " + cause);
        }
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String format, Object... values) {
        if (isLoggable(level)) {
            boolean plain = values == null || values.length == 0;
            write(level,
                plain ? format : MessageFormat.format(format, Arrays.stream(values).map(String::valueOf).toArray()));
        }
    }

    private static void write(Level level, String message) {
        System.err
            .println(TIME.format(LocalDateTime.now(ZoneId.systemDefault())) + " " + level.getName() + " " + message);
    }
}
