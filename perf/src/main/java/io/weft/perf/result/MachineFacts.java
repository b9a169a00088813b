package io.weft.perf.result;

import io.weft.nativebindings.process.ExternalCommand;
import io.weft.nativebindings.process.Programs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * The machine that a figure was measured on. Figures from different machines or minutes cannot be compared, only ratios.
 *
 * @param cpu model
 * @param cores that this process may use
 * @param mhz {@code cpu MHz} of {@code /proc/cpuinfo}, used to count cycles; under a hypervisor the rate of the TSC; 0 if unknown
 * @param virtual whether there is a hypervisor
 * @param memoryMib of the machine
 * @param hugePages the number reserved, and the setting of transparent huge pages
 * @param clock the kernel's clock source
 * @param commit of this checkout, with {@code -dirty} if files differ from it
 * @param date UTC, ISO 8601
 */
public record MachineFacts(String cpu, int cores, double mhz, boolean virtual, long memoryMib, String kernel,
    String jdk, String hugePages, String clock, String commit, String date) {

    private static final String UNKNOWN = "unknown";
    private static final long KIB_PER_MIB = 1024;

    public static MachineFacts read() {
        List<String> cpu = lines("/proc/cpuinfo");
        List<String> memory = lines("/proc/meminfo");
        return new MachineFacts(value(cpu, "model name"), Runtime.getRuntime().availableProcessors(),
            number(value(cpu, "cpu MHz")), value(cpu, "flags").contains(" hypervisor"),
            (long) number(value(memory, "MemTotal")) / KIB_PER_MIB, System.getProperty("os.version"),
            System.getProperty("java.runtime.version"), hugePages(memory),
            first("/sys/devices/system/clocksource/clocksource0/current_clocksource"), readCommit(),
            Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    }

    /** MiB of memory available without swapping. */
    public static long availableMib() {
        return (long) number(value(lines("/proc/meminfo"), "MemAvailable")) / KIB_PER_MIB;
    }

    /** Processor cycles of a time; 0 if the rate is unknown. */
    public double cycles(double nanos) {
        return nanos * mhz / 1000;
    }

    /** One line of text. */
    public String summary() {
        return "%s, %d cores, %.0f MHz%s, %d MiB, Linux %s, JDK %s, huge pages: %s, clock: %s, commit %s, %s".formatted(
            cpu, cores, mhz, virtual ? " (virtual)" : "", memoryMib, kernel, jdk, hugePages, clock, commit, date);
    }

    private static String hugePages(List<String> memory) {
        return "%.0f of %s reserved, transparent %s".formatted(number(value(memory, "HugePages_Total")),
            value(memory, "Hugepagesize"), first("/sys/kernel/mm/transparent_hugepage/enabled"));
    }

    /** The value of the first line of this key, {@code key : value}. */
    static String value(List<String> lines, String key) {
        return lines.stream().filter(line -> line.startsWith(key)).findFirst()
            .map(line -> line.substring(line.indexOf(':') + 1).strip()).orElse(UNKNOWN);
    }

    /** The number at the start of a value, or 0. */
    static double number(String value) {
        String digits = value.split(" ", 2)[0];
        return digits.matches("[0-9]+(\\.[0-9]+)?") ? Double.parseDouble(digits) : 0;
    }

    private static String first(String file) {
        return lines(file).stream().findFirst().orElse(UNKNOWN);
    }

    private static List<String> lines(String file) {
        try {
            return Files.isReadable(Path.of(file)) ? Files.readAllLines(Path.of(file)) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Asks git about the directory of this class, which may belong to another user. */
    private static String readCommit() {
        try {
            Path place = Path.of(MachineFacts.class.getProtectionDomain().getCodeSource().getLocation().toURI());
            Path directory = Files.isDirectory(place) ? place : place.getParent();
            if (Programs.find("git").isEmpty()) { return UNKNOWN; }
            Process git = ExternalCommand.of("git", "-c", "safe.directory=*", "-C", directory.toString(), "describe",
                "--always", "--dirty", "--abbrev=12", "--exclude=*").builder()
                .redirectError(ProcessBuilder.Redirect.DISCARD).start();
            String text = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return git.waitFor() == 0 ? text : UNKNOWN;
        } catch (IOException | URISyntaxException e) {
            return UNKNOWN;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return UNKNOWN;
        }
    }
}
