package io.weft.controlplane.cni.install;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.nativebindings.process.ExternalCommand;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script that the runtime executes, from directories whose names a shell could misread. */
class PluginScriptTest {
    private static final PluginRuntime REAL = PluginRuntime.ofThisProcess();
    private static final String CONFIGURATION = "{\"cniVersion\":\"1.0.0\",\"name\":\"weft\",\"socket\":\"/none\"}";

    @TempDir private Path directory;
    private Path place;

    private record Outcome(int status, String out) {
    }

    @BeforeEach
    void makePlace() throws IOException {
        place = Files.createDirectory(directory.resolve("it's a \"$(false)\" `place`"));
    }

    @Test
    void saysTryAgainWhenJavaIsGone() throws Exception {
        PluginRuntime gone = new PluginRuntime(place.resolve("java"), REAL.classPath());
        Outcome outcome = run(PluginScript.text(gone, Optional.empty()), Map.of());
        assertEquals(1, outcome.status());
        JsonNode error = new ObjectMapper().readTree(outcome.out());
        assertEquals(11, error.path("code").asInt());
        assertTrue(error.path("msg").asText().contains(place.toString()), outcome.out());
    }

    @Test
    void saysTryAgainWhenWeftIsGone() throws Exception {
        PluginRuntime gone = new PluginRuntime(REAL.java(), place.resolve("control-plane.jar"));
        assertEquals(1, run(PluginScript.text(gone, Optional.empty()), Map.of()).status());
    }

    @Test
    void usesTheCacheOnceItIsThereAndNoOnesFlags() throws Exception {
        Path java = executable("java",
            "#!/bin/sh\nprintf '%s\\n' \"$@\" \"flags: $JAVA_TOOL_OPTIONS$JDK_JAVA_OPTIONS\"\n");
        PluginRuntime runtime = new PluginRuntime(java, REAL.classPath());
        Path cache = place.resolve("cache.aot");
        String text = PluginScript.text(runtime, Optional.of(cache));
        Map<String, String> foreign = Map.of("JAVA_TOOL_OPTIONS", "-Xmx1g", "JDK_JAVA_OPTIONS", "-Xint");
        List<String> without = run(text, foreign).out().lines().toList();
        assertFalse(without.contains("-XX:AOTCache=" + cache), without.toString());
        assertEquals("flags: ", without.getLast());
        assertTrue(without.contains(REAL.classPath().toString()), without.toString());
        Files.createFile(cache);
        assertTrue(run(text, foreign).out().lines().toList().contains("-XX:AOTCache=" + cache));
    }

    @Test
    void anUnusableCacheLeavesTheAnswerAlone() throws Exception {
        for (String content : List.of("", "not a cache")) {
            Path cache = Files.writeString(place.resolve("cache.aot"), content);
            Outcome outcome = run(PluginScript.text(REAL, Optional.of(cache)), Map.of());
            assertEquals(0, outcome.status());
            assertEquals("1.0.0", new ObjectMapper().readTree(outcome.out()).path("cniVersion").asText());
        }
    }

    private Outcome run(String text, Map<String, String> environment) throws Exception {
        ProcessBuilder builder = ExternalCommand.file(executable("weft-cni", text)).builder()
            .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().clear();
        builder.environment().putAll(environment);
        builder.environment().put("CNI_COMMAND", "VERSION");
        Process process = builder.start();
        try (var in = process.getOutputStream()) {
            in.write(CONFIGURATION.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // a script that ends early does not read it
        }
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), out);
    }

    private Path executable(String name, String text) throws IOException {
        Path file = Files.writeString(place.resolve(name), text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        return file;
    }
}
