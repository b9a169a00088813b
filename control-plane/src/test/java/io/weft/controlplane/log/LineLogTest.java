package io.weft.controlplane.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.log.LogLevel;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The control plane's log, and that both kinds of loggers of the process follow the level. */
class LineLogTest {
    private static final Logger OWN = LoggerFactory.getLogger("io.weft.some.Part");
    private static final Logger LIBRARY = LoggerFactory.getLogger("com.example.Library");
    private static final Logger CLIENT = LoggerFactory.getLogger("io.fabric8.kubernetes.Client");

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final PrintStream standardError = System.err;

    @BeforeEach
    void redirect() {
        System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void restore() {
        System.setErr(standardError);
        LogLevel.INFO.use();
    }

    private String printed() {
        return printed.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aLineHasTimeLevelAndMessageAndThenTheTraceOfItsCause() {
        OWN.warn("{} of {}", 1, "two", new IllegalStateException("cause"));
        String[] lines = printed().split("\\R");
        assertTrue(lines[0].matches("[0-9-]{10}T[0-9:.]{12} WARN 1 of two"), printed());
        assertEquals("java.lang.IllegalStateException: cause", lines[1]);
        assertTrue(lines[2].startsWith("\tat io.weft.controlplane.log.LineLogTest"), printed());
    }

    @Test
    void theLevelAppliesToLoggersThatExist() {
        System.Logger ofDataplane = System.getLogger("io.weft.some.Other");
        OWN.debug("hidden");
        assertEquals("", printed());
        LogLevel.DEBUG.use();
        OWN.debug("shown");
        ofDataplane.log(System.Logger.Level.DEBUG, "shown, too");
        assertEquals(2, printed().lines().count(), printed());
        LogLevel.ERROR.use();
        OWN.warn("hidden");
        assertFalse(ofDataplane.isLoggable(System.Logger.Level.WARNING));
        OWN.error("shown");
        assertEquals(3, printed().lines().count(), printed());
    }

    @Test
    void librariesWarnAndTheKubernetesClientOnlyFails() {
        LogLevel.DEBUG.use();
        LIBRARY.info("hidden");
        CLIENT.warn("hidden");
        assertEquals("", printed());
        LIBRARY.warn("shown");
        CLIENT.error("shown");
        assertEquals(2, printed().lines().count(), printed());
    }
}
