package io.weft.dataplane.log;

import java.lang.System.Logger.Level;
import java.util.Locale;
import java.util.Optional;

/**
 * The least severe messages of Weft that this process logs. An operator may change it while the process runs. Messages of libraries are
 * logged from WARNING on, whatever the level. Any thread.
 */
public enum LogLevel {
    /** The default; first, so that a file that does not say means it. */
    INFO(Level.INFO), ERROR(Level.ERROR), WARNING(Level.WARNING), DEBUG(Level.DEBUG);

    /** Written by the conductor or the operator's writes, read by every logger; one word, so volatile is enough. */
    private static volatile LogLevel current = INFO;

    private final Level level;

    LogLevel(Level level) {
        this.level = level;
    }

    public static LogLevel current() {
        return current;
    }

    /** From now on, in this process. */
    public void use() {
        current = this;
    }

    /** Whether messages of this severity are logged. */
    public boolean includes(Level severity) {
        return severity.getSeverity() >= level.getSeverity();
    }

    /** @return {@link #INFO} for a number that no level has */
    public static LogLevel of(int ordinal) {
        return ordinal >= 0 && ordinal < values().length ? values()[ordinal] : INFO;
    }

    /** By its name in lower case. */
    public static Optional<LogLevel> parse(String text) {
        for (LogLevel level : values()) {
            if (level.toString().equals(text)) { return Optional.of(level); }
        }
        return Optional.empty();
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
