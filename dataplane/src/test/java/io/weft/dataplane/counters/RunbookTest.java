package io.weft.dataplane.counters;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The runbook's table of drop reasons lists each reason exactly once. */
class RunbookTest {
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    @Test
    void theTableOfDropsListsEveryReasonOnce() throws IOException {
        List<String> listed = Files.readAllLines(runbook()).stream()
            .dropWhile(line -> !line.startsWith("| reason |"))
            .skip(2)
            .takeWhile(line -> line.startsWith("|"))
            .flatMap(row -> CODE.matcher(row.split("\\|", -1)[1]).results().map((MatchResult word) -> word.group(1)))
            .sorted().toList();
        List<String> all = Arrays.stream(DropReason.values()).map(DropReason::label).sorted().toList();
        assertEquals(String.join("\n", all), String.join("\n", listed));
    }

    /** The file, seen from the module's directory or from the repository's. */
    private static Path runbook() {
        Path here = Path.of("docs/runbook.md");
        return Files.exists(here) ? here : Path.of("..").resolve(here);
    }
}
