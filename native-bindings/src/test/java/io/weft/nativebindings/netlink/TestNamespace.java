package io.weft.nativebindings.netlink;

import io.weft.nativebindings.process.ExternalCommand;
import io.weft.nativebindings.support.Requirements;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A real namespace of one test, with a name of its own, removed at the end. Loopback is up. */
final class TestNamespace implements AutoCloseable {
    private static final AtomicInteger COUNTER = new AtomicInteger();

    final String name = "nlt-" + ProcessHandle.current().pid() + "-" + COUNTER.incrementAndGet();
    final Path path = NetworkNamespace.named(name);
    final Rtnetlink rtnetlink;

    TestNamespace() {
        Requirements.root();
        NetworkNamespace.create(path);
        rtnetlink = Rtnetlink.openIn(path);
        rtnetlink.setUp(1);
    }

    /** What a tool prints inside the namespace. */
    String output(String... command) {
        Requirements.tool("ip");
        Requirements.tool(command[0]);
        return Requirements.run(ExternalCommand.of(List.of(command)).inNamespace(path));
    }

    @Override
    public void close() {
        rtnetlink.close();
        NetworkNamespace.delete(path);
    }
}
