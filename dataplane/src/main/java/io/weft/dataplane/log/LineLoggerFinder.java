package io.weft.dataplane.log;

import java.lang.System.Logger;
import java.lang.System.LoggerFinder;

/**
 * Makes {@link System.Logger} write short lines to standard error: time, level, message. The JDK finds it as a service. Unlike the JDK's
 * default logging it still works while the process stops, when it matters what could not be undone.
 */
public final class LineLoggerFinder extends LoggerFinder {
    @Override
    public Logger getLogger(String name, Module module) {
        return new LineLogger(name);
    }
}
