package io.weft.controlplane.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.weft.controlplane.Await;
import io.weft.dataplane.config.SupervisedProcess;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SupervisorTest {
    @Test
    void startsAKilledChildAgainAndLeavesTheOtherAlone() throws Exception {
        Supervisor supervisor = new Supervisor(Map.of("a", List.of("sleep", "1000"), "b", List.of("sleep", "1000")));
        FutureTask<Integer> run = start(supervisor);
        Await.until("both run", () -> supervisor.pid("a") != 0 && supervisor.pid("b") != 0);
        long a = supervisor.pid("a");
        long b = supervisor.pid("b");
        ProcessHandle.of(a).orElseThrow().destroyForcibly();
        Await.until("a runs again", () -> supervisor.pid("a") != 0 && supervisor.pid("a") != a);
        assertEquals(b, supervisor.pid("b"));
        supervisor.stop();
        assertEquals(0, run.get(30, TimeUnit.SECONDS));
        assertFalse(ProcessHandle.of(b).map(ProcessHandle::isAlive).orElse(false));
    }

    @Test
    void aChildThatCannotBeStartedIsTriedAgainUntilTheEnd() throws Exception {
        Supervisor supervisor = new Supervisor(Map.of("a", List.of("/nowhere/weft"), "b", List.of("sleep", "1000")));
        FutureTask<Integer> run = start(supervisor);
        Await.until("b runs", () -> supervisor.pid("b") != 0);
        supervisor.stop();
        assertEquals(0, run.get(30, TimeUnit.SECONDS));
    }

    @Test
    void aWrongConfigurationEndsTheNode() throws Exception {
        Supervisor supervisor = new Supervisor(
            Map.of("a", List.of("sh", "-c", "exit 2"), "b", List.of("sleep", "1000")));
        assertEquals(2, start(supervisor).get(30, TimeUnit.SECONDS));
    }

    @Test
    void aChildThatCannotBeSetUpTheFirstTimeEndsTheNode() throws Exception {
        Supervisor supervisor = new Supervisor(
            Map.of("a", List.of("sh", "-c", "exit " + SupervisedProcess.NOT_SET_UP), "b", List.of("sleep", "1000")));
        assertEquals(1, start(supervisor).get(30, TimeUnit.SECONDS));
    }

    @Test
    void aChildThatOnceRanIsTriedAgainWhenItCannotBeSetUp(@TempDir Path directory) throws Exception {
        Path count = directory.resolve("count");
        String fails = "echo x >> " + count + "; [ $(wc -l < " + count + ") = 1 ] && exit 1; exit "
            + SupervisedProcess.NOT_SET_UP;
        Supervisor supervisor = new Supervisor(Map.of("a", List.of("sh", "-c", fails)));
        FutureTask<Integer> run = start(supervisor);
        Await.until("three starts", () -> count.toFile().length() >= 6);
        supervisor.stop();
        assertEquals(0, run.get(30, TimeUnit.SECONDS));
    }

    private static FutureTask<Integer> start(Supervisor supervisor) {
        FutureTask<Integer> task = new FutureTask<>(supervisor::run);
        Thread.ofPlatform().daemon().start(task);
        return task;
    }
}
