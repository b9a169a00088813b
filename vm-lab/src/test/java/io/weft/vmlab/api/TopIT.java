package io.weft.vmlab.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.LabExtension;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.traffic.Ping;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code weft top}, {@code config show}, {@code completion} and {@code man} on a node that forwards. */
class TopIT {
    private static final int PINGS = 50;
    private static final int ROWS = 30;
    private static final int COLUMNS = 110;
    private static final int PAGES = 3;
    private static final int PATIENCE_SECONDS = 60;
    private static final String CLEAR = "\u001B[H\u001B[2J\u001B[3J";
    private static final Path CAPTURE = Path.of("target/terminal/weft-top.txt");

    @RegisterExtension static final LabExtension LAB = ApiLab.SHARED.needing("ping", "script", "stty");

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

    /** What a person sees, in a pseudo-terminal of script(1): pages that fit, until q; then the terminal is as it was. */
    @Test
    void showsPagesThatFitTheTerminalUntilQ() throws Exception {
        Lab lab = LAB.lab();
        WeftNode node = lab.node("n1");
        Pod pod = node.addPod("seen");
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
        String session;
        try {
            session = terminalSession(node);
        } finally {
            done.set(true);
            traffic.join();
        }
        List<String> pages = List.of(session.split(Pattern.quote(CLEAR)));
        assertTrue(pages.size() > PAGES, pages.size() + " pages");
        String page = pages.get(PAGES).replace("\r", "");
        Files.createDirectories(CAPTURE.getParent());
        Files.writeString(CAPTURE, page);
        System.out.println(page);
        assertTrue(page.startsWith("weft top  n1  "), page);
        assertTrue(page.lines().count() < ROWS && page.lines().allMatch(line -> line.length() <= COLUMNS), page);
        assertTrue(Pattern.compile("(?m)^ +0 +\\d+% +\\d+ +\\d+\\.\\d$").matcher(page).find(), "a worker in\n" + page);
        Matcher port = Pattern.compile("(?m)^ +\\d+ +weft\\w+ +\\S+seen +(\\d+) +(\\d+) ").matcher(page);
        assertTrue(port.find() && Integer.parseInt(port.group(1)) > 0, "the pod in\n" + page);
        assertTrue(pages.stream().skip(1).limit(PAGES).noneMatch(each -> each.contains("\u001B")), "other sequences");
        String settings = pages.getLast();
        assertTrue(settings.contains(" icanon") && settings.contains(" echo "), settings);
    }

    /** What a terminal gets while {@code weft top} runs in it, and the settings of the terminal afterwards. */
    private static String terminalSession(WeftNode node) throws Exception {
        String command = "stty rows " + ROWS + " cols " + COLUMNS + "; " + node.weftExecutable()
            + " top --interval 1 --config " + node.configuration() + "; stty -a";
        ProcessBuilder builder = ExternalCommand.of("script", "--quiet", "--return", "--command", command, "/dev/null")
            .builder().redirectErrorStream(true);
        builder.environment().put("TERM", "xterm-256color");
        Process script = node.thread().call(builder::start);
        StringWriter seen = new StringWriter();
        Thread reading = Thread.ofPlatform().daemon().start(() -> {
            try (Reader output = script.inputReader(StandardCharsets.UTF_8)) {
                for (int c = output.read(); c >= 0; c = output.read()) {
                    seen.write(c);
                }
            } catch (IOException e) {
                seen.write(e.toString());
            }
        });
        try {
            node.view().await("pages", () -> seen.toString().split(Pattern.quote(CLEAR)).length > PAGES + 1);
            script.outputWriter(StandardCharsets.UTF_8).append('q').flush();
            assertTrue(script.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "q does not end it");
            assertEquals(0, script.exitValue(), seen.toString());
        } finally {
            script.destroy();
        }
        reading.join();
        return seen.toString();
    }
}
