package io.weft.dataplane.log;

import java.lang.System.Logger;
import java.lang.System.LoggerFinder;

/**
 * Makes {@link System.Logger} write short lines to the standard error output: time, level, message. Found as a service. Unlike the platform's
 * own logging it goes on while the process is stopping, when it matters what could not be taken back.
 */
public final class LineLoggerFinder extends LoggerFinder {
    @Override
    public Logger getLogger(String name, Module module) {
        return new LineLogger(name);
    }
}
