package io.weft.perf.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.perf.result.MachineFacts;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.TypeConversionException;

class MicroCommandTest {
    private static final MachineFacts MACHINE = new MachineFacts("cpu", 2, 2300, true, 1024, "6.18", "25", "0", "tsc",
        "abc", "now");

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
        "--case nonsense; no case \"nonsense\": there are pod-pod, pod-remote",
        "--batch 65; --batch: 1 to 64", "--flows 0; --flows: 1 to", "--workers 3; --workers: 2",
        "--soak soon; is not a duration", "--soak 1s --workers 2; one of --reference, --soak and --workers"})
    void refusesWrongUsage(String arguments, String message) {
        StringWriter error = new StringWriter();
        CommandLine command = new CommandLine(new MicroCommand()).setErr(new PrintWriter(error));
        assertEquals(CommandLine.ExitCode.USAGE, command.execute(arguments.split(" ")));
        assertTrue(error.toString().contains(message), error.toString());
    }

    @ParameterizedTest
    @CsvSource({"90s,90000", "10m,600000", "2h,7200000"})
    void readsTimes(String text, long millis) {
        assertEquals(millis, new TimeSpan().convert(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "10", "0s", "1.5m", "-1s", "1d"})
    void refusesOtherTimes(String text) {
        assertThrows(TypeConversionException.class, () -> new TimeSpan().convert(text));
    }

    @Test
    void combinesOnlyWhatIsMeaningful() {
        List<Combination> defaults = Combination.defaults();
        assertEquals(defaults.size(), defaults.stream().distinct().count());
        assertFalse(defaults.contains(new Combination(TrafficCase.FLOW_MISS, 1, 64)));
        assertTrue(defaults.contains(new Combination(TrafficCase.FLOW_MISS, 65_536, 64)));
        assertTrue(defaults.contains(new Combination(TrafficCase.CLUSTERIP, 1_048_576, 1)));
    }

    @Test
    void writesTheNamesThatOthersReadInJson() {
        MicroResult result = new MicroResult("pod-clusterip-vxlan", 64, 8, 20.5, 30, 47, 0,
            List.of(new StageClock.Stage("port-tx", 2, 0.1)), MACHINE);
        JsonNode json = BenchJvm.JSON.valueToTree(List.of(result)).get(0);
        assertEquals("pod-clusterip-vxlan", json.get("name").asText());
        assertEquals(64, json.get("flows").asInt());
        assertEquals(8, json.get("batch").asInt());
        assertEquals(20.5, json.get("nsPerPacket").asDouble());
        assertEquals(30, json.get("nsP999").asDouble());
        assertEquals(0, json.get("bytesPerPacket").asDouble());
        assertEquals("port-tx", json.get("stages").get(0).get("name").asText());
        assertEquals("abc", json.get("machine").get("commit").asText());
    }

    @Test
    void passesTasksAsJson() throws Exception {
        MicroTask task = new MicroTask(MicroTask.Kind.MEAN, "pod-pod", 1, 64, 10, 20, 3);
        assertEquals(task, BenchJvm.JSON.readValue(BenchJvm.JSON.writeValueAsString(task), MicroTask.class));
    }

    @Test
    void countsRatesOfTwoWorkers() {
        WorkerPair.Round round = new WorkerPair.Round(20, 25, 20, 25);
        assertEquals(50, round.oneRate(), 1e-9);
        assertEquals(90, round.twoRate(), 1e-9);
        assertEquals(2, round.ratio(), 1e-9);
    }
}
