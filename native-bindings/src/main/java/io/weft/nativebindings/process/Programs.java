package io.weft.nativebindings.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The external programs and files that Weft's commands need, each with its Debian package: the resource {@code programs}, which the
 * launcher also reads. Any thread.
 */
public final class Programs {
    /** The file to declare a program in, from the root of a checkout. */
    public static final String LIST = "native-bindings/src/main/resources/io/weft/nativebindings/process/programs";
    /** The command name in the list that stands for the scripts. */
    public static final String LAUNCHER = "launcher";

    /** System property: the command of the list that this JVM runs, such as {@code demo}; without it, any of them. */
    static final String COMMAND_PROPERTY = "weft.command";
    private static final String RESOURCE = "programs";
    private static final String FORM_SEPARATOR = "-"; // what is for bench is for bench-compare too
    private static final Pattern OPTIONAL = Pattern.compile("[?+]$");
    private static final String SYSTEM_DIRECTORIES = ":/usr/sbin:/sbin"; // not on the PATH of every user
    private static final Map<String, Program> LISTED = read();

    /**
     * A line of the list.
     *
     * @param name of a program on the PATH, or the path of a file
     * @param debianPackages one or several, separated by spaces
     * @param commands that need it, without the mark of the optional ones
     * @param optional those of {@code commands} that work without it
     */
    public record Program(String name, String debianPackages, Set<String> commands, Set<String> optional) {
        /** Whether code that {@code command} runs may start it. */
        public boolean isFor(String command) {
            return commands.contains(command) || commands.contains(command.split(FORM_SEPARATOR)[0]);
        }

        private boolean isForScriptsOnly() { return commands.equals(Set.of(LAUNCHER)); }
    }

    private Programs() {}

    private static Map<String, Program> read() {
        Map<String, Program> listed = new LinkedHashMap<>();
        try (InputStream in = Programs.class.getResourceAsStream(RESOURCE)) {
            new String(in.readAllBytes(), StandardCharsets.UTF_8).lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#")).map(Programs::parse)
                .forEach(program -> listed.put(program.name, program));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return listed;
    }

    private static Program parse(String line) {
        List<String> words = List.of(line.strip().split("\\s+"));
        List<String> commands = words.subList(2, words.size());
        return new Program(words.get(0), words.get(1).replace(',', ' '),
            commands.stream().map(Programs::withoutMark).collect(Collectors.toUnmodifiableSet()),
            commands.stream().filter(command -> !command.equals(withoutMark(command)))
                .map(Programs::withoutMark).collect(Collectors.toUnmodifiableSet()));
    }

    private static String withoutMark(String command) {
        return OPTIONAL.matcher(command).replaceFirst("");
    }

    /** All of them, in the order of the list. */
    public static Collection<Program> listed() {
        return LISTED.values();
    }

    /** Where a declared program or file is on this machine: on the PATH, {@code /usr/sbin} or {@code /sbin}. */
    public static Optional<Path> find(String name) {
        declared(name);
        if (name.startsWith("/")) { return Optional.of(Path.of(name)).filter(Files::exists); }
        String path = System.getenv().getOrDefault("PATH", "") + SYSTEM_DIRECTORIES;
        return Arrays.stream(path.split(":")).map(directory -> Path.of(directory, name)).filter(Files::isExecutable)
            .findFirst();
    }

    /** Which of these declared programs are missing on this machine, and how to install them, as one line. */
    public static Optional<String> missing(String... names) {
        List<String> absent = Stream.of(names).filter(name -> find(name).isEmpty()).toList();
        String packages = absent.stream().map(name -> declared(name).debianPackages).distinct()
            .collect(Collectors.joining(" "));
        return absent.isEmpty()
            ? Optional.empty()
            : Optional.of(String.join(", ", absent) + " not found (Debian: apt-get install " + packages + ")");
    }

    /** @throws IllegalArgumentException unless the list has it for the running command */
    static Program declared(String name) {
        Program program = LISTED.get(name);
        String command = System.getProperty(COMMAND_PROPERTY);
        if (program == null || program.isForScriptsOnly() || command != null && !program.isFor(command)) {
            throw new IllegalArgumentException("the program '" + name + "' is not declared"
                + (command == null ? "" : " for the command '" + command + "'") + ": add it to " + LIST);
        }
        return program;
    }
}
