package io.weft.controlplane;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.nativebindings.netlink.NetworkNamespace;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** A real network namespace for one test, with a unique name; removed at the end. */
public final class TestNamespace implements AutoCloseable {
    private static final AtomicInteger COUNTER = new AtomicInteger();

    private final Path path = NetworkNamespace.named(
        "wctl-" + ProcessHandle.current().pid() + "-" + COUNTER.incrementAndGet());

    public TestNamespace() {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root: creates a network namespace");
        NetworkNamespace.create(path);
    }

    public Path path() {
        return path;
    }

    @Override
    public void close() {
        NetworkNamespace.delete(path);
    }
}
