package io.weft.controlplane.log;

import io.weft.dataplane.log.LogLevel;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;

/** One line for each message, then the trace of its cause. Of Weft from the {@link LogLevel} on, of libraries from WARN. Any thread. */
final class LineLog extends LegacyAbstractLogger {
    private static final long serialVersionUID = 1L;
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS");
    private static final String OWN = "io.weft.";
    /** What it warns of is in the status, and would be repeated with each attempt. */
    private static final String KUBERNETES_CLIENT = "io.fabric8.";

    LineLog(String name) {
        this.name = name;
    }

    @Override
    public boolean isTraceEnabled() { return isEnabled(Level.TRACE); }

    @Override
    public boolean isDebugEnabled() { return isEnabled(Level.DEBUG); }

    @Override
    public boolean isInfoEnabled() { return isEnabled(Level.INFO); }

    @Override
    public boolean isWarnEnabled() { return isEnabled(Level.WARN); }

    @Override
    public boolean isErrorEnabled() { return isEnabled(Level.ERROR); }

    private boolean isEnabled(Level level) {
        if (name.startsWith(OWN)) { return LogLevel.current().includes(severity(level)); }
        return level == Level.ERROR || level == Level.WARN && !name.startsWith(KUBERNETES_CLIENT);
    }

    private static System.Logger.Level severity(Level level) {
        return switch (level) {
            case ERROR -> System.Logger.Level.ERROR;
            case WARN -> System.Logger.Level.WARNING;
            case INFO -> System.Logger.Level.INFO;
            case DEBUG -> System.Logger.Level.DEBUG;
            case TRACE -> System.Logger.Level.TRACE;
        };
    }

    @Override
    protected String getFullyQualifiedCallerName() { return null; }

    @Override
    protected void handleNormalizedLoggingCall(Level level, Marker marker, String message, Object[] arguments,
        Throwable cause) {
        StringWriter text = new StringWriter();
        PrintWriter lines = new PrintWriter(text);
        lines.println(TIME.format(LocalDateTime.now(ZoneId.systemDefault())) + " " + level + " "
            + MessageFormatter.basicArrayFormat(message, arguments));
        if (cause != null) {
            cause.printStackTrace(lines);
        }
        lines.flush();
        System.err.print(text);
    }
}
