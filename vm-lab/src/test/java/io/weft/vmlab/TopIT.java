package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.traffic.Ping;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code weft top}, {@code config show}, {@code completion} and {@code man} on a node that forwards. */
class TopIT {
    private static final int PINGS = 50;

    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("top", 1).needing("ping");

    @Test
    void showsWorkersAndPortsWhileTheyWork() throws Exception {
        Lab lab = LAB.lab();
        WeftNode node = lab.node("n1");
        Pod pod = node.addPod("web");
        Ping.run(pod.thread(), lab.outside().address(), 1);
        AtomicBoolean done = new AtomicBoolean();
        Thread traffic = Thread.ofPlatform().daemon().start(() -> {
            try {
                while (!done.get()) {
                    Ping.run(pod.thread(), lab.outside().address(), PINGS);
                }
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        String page = node.weft("top", "--once", "--interval", "2");
        done.set(true);
        traffic.join();
        assertTrue(page.startsWith("weft top  "), page);
        assertTrue(Pattern.compile("(?m)^ +0 +\\d+% +\\d+ +\\d+\\.\\d$").matcher(page).find(), "a worker in\n" + page);
        Matcher port = Pattern.compile("(?m)^ +\\d+ +weft\\w+ +\\S+web +(\\d+) +(\\d+) ").matcher(page);
        assertTrue(port.find(), "the pod in\n" + page);
        assertTrue(Integer.parseInt(port.group(1)) > 0 && Integer.parseInt(port.group(2)) > 0, page);
        assertFalse(page.contains("\u001B"), "escape sequences into a pipe");
        assertTrue(node.weft("config", "show").contains("runDirectory"));
        assertEquals(2, node.weft("show", "ports", "--filter", "pod=*web").lines().count());
    }
}
