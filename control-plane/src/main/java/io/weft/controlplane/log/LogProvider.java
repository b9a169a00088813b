package io.weft.controlplane.log;

import org.slf4j.ILoggerFactory;
import org.slf4j.IMarkerFactory;
import org.slf4j.helpers.BasicMarkerFactory;
import org.slf4j.helpers.NOPMDCAdapter;
import org.slf4j.spi.MDCAdapter;
import org.slf4j.spi.SLF4JServiceProvider;

/**
 * The control plane's log: time, level, message on standard error, as the dataplane writes them, from a level on that an operator may change.
 * SLF4J finds it as a service.
 */
public final class LogProvider implements SLF4JServiceProvider {
    private static final String API_VERSION = "2.0.99";

    private final IMarkerFactory markers = new BasicMarkerFactory();
    private final MDCAdapter context = new NOPMDCAdapter();
    private final LineLogFactory loggers = new LineLogFactory();

    @Override
    public ILoggerFactory getLoggerFactory() { return loggers; }

    @Override
    public IMarkerFactory getMarkerFactory() { return markers; }

    @Override
    public MDCAdapter getMDCAdapter() { return context; }

    @Override
    public String getRequestedApiVersion() { return API_VERSION; }

    @Override
    public void initialize() {
        // everything exists already
    }
}
