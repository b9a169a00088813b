package io.weft.dataplane;

import io.weft.dataplane.conductor.Dataplane;
import io.weft.dataplane.config.CommandWords;
import io.weft.dataplane.config.ConfigurationException;
import io.weft.dataplane.config.ExitCode;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.config.SupervisedProcess;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * {@code weft dataplane}: runs the dataplane until SIGTERM or SIGINT.
 *
 * <p>Exit codes: 0 stopped, 1 failed, 2 wrong usage or configuration. An error is one line on standard error.
 */
public final class DataplaneMain {
    private static final long STOP_PATIENCE_MILLIS = 10_000;
    private static final String USAGE = """
        Usage: weft dataplane [--config FILE] [--set KEY=VALUE]... [--run-directory DIR] [--busy-poll] [--check-config]
          --config FILE     read the configuration from this YAML file; /etc/weft/weft.yaml when it is there
          --set KEY=VALUE   override a key, as in --set overlay.vni=7
          --run-directory DIR  short for --set runDirectory=DIR
          --busy-poll       never sleep: least latency, whole processors
          --check-config    say whether the configuration is right, and end
        """;

    private DataplaneMain() {
    }

    public static void main(String[] arguments) {
        Arguments parsed;
        NodeConfiguration configuration;
        try {
            parsed = Arguments.parse(arguments);
            if (parsed.help) {
                System.out.print(USAGE);
                return;
            }
            configuration = NodeConfiguration.load(parsed.file, parsed.flags);
            configuration.requireUplink();
            SupervisedProcess.endWithSupervisor();
        } catch (IllegalArgumentException | ConfigurationException e) {
            System.err.println("weft dataplane: " + e.getMessage());
            System.exit(ExitCode.WRONG_USAGE);
            return;
        }
        if (!parsed.checkOnly) {
            run(new Dataplane(configuration));
        }
    }

    /** A signal ends the process with status 0 once everything is undone; by default the JVM would end with 143. */
    private static void run(Dataplane dataplane) {
        Thread main = Thread.currentThread();
        Thread hook = new Thread(() -> stop(dataplane, main), "weft-stop");
        Runtime.getRuntime().addShutdownHook(hook);
        int code = 0;
        try {
            dataplane.run();
        } catch (RuntimeException e) {
            System.err.println("weft dataplane: " + describe(e));
            code = dataplane.hasForwarded() ? ExitCode.FAILED : SupervisedProcess.setUpFailure();
        }
        exit(code, hook);
    }

    private static void exit(int code, Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            if (code == 0) {
                return; // the hook waits for this thread
            }
            Runtime.getRuntime().halt(code);
        }
        System.exit(code);
    }

    private static void stop(Dataplane dataplane, Thread main) {
        dataplane.stop();
        try {
            main.join(STOP_PATIENCE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Runtime.getRuntime().halt(main.isAlive() ? ExitCode.FAILED : 0);
    }

    /** Faults of Weft are printed with their stack trace; an error that the user can fix is one line. */
    private static String describe(RuntimeException e) {
        boolean ours = e instanceof NullPointerException || e instanceof IndexOutOfBoundsException
            || e instanceof ClassCastException;
        if (ours) {
            e.printStackTrace();
        }
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }

    private record Arguments(Optional<Path> file, Map<String, String> flags, boolean checkOnly, boolean help) {
        static Arguments parse(String[] arguments) {
            Optional<Path> file = NodeConfiguration.defaultFile();
            Map<String, String> flags = new HashMap<>();
            boolean checkOnly = false;
            boolean help = false;
            CommandWords words = new CommandWords("dataplane", arguments);
            while (!words.isEmpty()) {
                String option = words.next();
                switch (option) {
                    case "--config" -> file = Optional.of(Path.of(words.value(option)));
                    case "--set" -> words.setting(flags);
                    case "--run-directory" -> flags.put("runDirectory", words.value(option));
                    case "--busy-poll" -> flags.put("busyPoll", "true");
                    case "--check-config" -> checkOnly = true;
                    case "--help", "-h" -> help = true;
                    default -> throw new IllegalArgumentException(
                        "unknown argument " + option + "; see weft dataplane --help");
                }
            }
            return new Arguments(file, flags, checkOnly, help);
        }
    }
}
