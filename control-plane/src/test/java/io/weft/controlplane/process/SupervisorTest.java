package io.weft.controlplane.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.weft.controlplane.Await;
import io.weft.dataplane.config.SupervisedProcess;
import io.weft.nativebindings.process.ExternalCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SupervisorTest {
    private static final ExternalCommand SLEEP = ExternalCommand.of("sleep", "1000");
    @TempDir private Path directory;

    @Test
    void restartsAKilledChildAndLeavesTheOtherAlone() throws Exception {
        Supervisor supervisor = new Supervisor(Map.of("a", SLEEP, "b", SLEEP));
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
    void retriesAChildThatCannotBeStartedUntilTheEnd() throws Exception {
        Supervisor supervisor = new Supervisor(Map.of("a", ExternalCommand.file(Path.of("/nowhere/weft")), "b", SLEEP));
        FutureTask<Integer> run = start(supervisor);
        Await.until("b runs", () -> supervisor.pid("b") != 0);
        supervisor.stop();
        assertEquals(0, run.get(30, TimeUnit.SECONDS));
    }

    @Test
    void aWrongConfigurationEndsTheNode() throws Exception {
        Supervisor supervisor = new Supervisor(Map.of("a", script("exit 2"), "b", SLEEP));
        assertEquals(2, start(supervisor).get(30, TimeUnit.SECONDS));
    }

    @Test
    void aChildThatCannotBeSetUpTheFirstTimeEndsTheNode() throws Exception {
        Supervisor supervisor = new Supervisor(
            Map.of("a", script("exit " + SupervisedProcess.NOT_SET_UP), "b", SLEEP));
        assertEquals(1, start(supervisor).get(30, TimeUnit.SECONDS));
    }

    @Test
    void retriesAChildThatHasRunBeforeWhenItCannotBeSetUp() throws Exception {
        Path count = directory.resolve("count");
        Supervisor supervisor = new Supervisor(Map.of("a", script("[ -e " + count + " ]; first=$?; echo x >> " + count
            + "; [ $first = 1 ] && exit 1; exit " + SupervisedProcess.NOT_SET_UP)));
        FutureTask<Integer> run = start(supervisor);
        Await.until("three starts", () -> count.toFile().length() >= 6);
        supervisor.stop();
        assertEquals(0, run.get(30, TimeUnit.SECONDS));
    }

    /** A child that uses only builtins of the shell. */
    private ExternalCommand script(String line) throws IOException {
        Path file = Files.writeString(directory.resolve("child"), "#!/bin/sh\n" + line + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        return ExternalCommand.file(file);
    }

    private static FutureTask<Integer> start(Supervisor supervisor) {
        FutureTask<Integer> task = new FutureTask<>(supervisor::run);
        Thread.ofPlatform().daemon().start(task);
        return task;
    }
}
