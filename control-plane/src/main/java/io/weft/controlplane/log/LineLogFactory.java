package io.weft.controlplane.log;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.ILoggerFactory;
import org.slf4j.Logger;

/** One {@link LineLog} for each name. Any thread. */
final class LineLogFactory implements ILoggerFactory {
    private final Map<String, LineLog> loggers = new ConcurrentHashMap<>();

    @Override
    public Logger getLogger(String name) {
        return loggers.computeIfAbsent(name, LineLog::new);
    }
}
