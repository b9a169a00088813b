package io.weft.nativebindings.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.nativebindings.linux.Capabilities;
import io.weft.nativebindings.linux.Capability;
import io.weft.nativebindings.linux.Sysctl;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class UtsNamespaceTest {
    @Test
    void onlyTheThreadSeesItsHostName() throws Exception {
        assumeTrue(Capabilities.has(Capability.CAP_SYS_ADMIN), "needs CAP_SYS_ADMIN");
        String before = Sysctl.read("kernel/hostname");
        FutureTask<String> inside = new FutureTask<>(() -> {
            UtsNamespace.unshare("node-of-a-test");
            return Sysctl.read("kernel/hostname");
        });
        Thread.ofPlatform().start(inside).join();
        assertEquals("node-of-a-test", inside.get());
        assertEquals(before, Sysctl.read("kernel/hostname"));
    }
}
