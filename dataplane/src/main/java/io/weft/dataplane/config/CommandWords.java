package io.weft.dataplane.config;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/**
 * The words of a command line that are still to be read. For the commands on the dataplane's class path, which has no library for that.
 * Every method throws {@link IllegalArgumentException} for a wrong word, with a message for the user.
 */
public final class CommandWords {
    private final String command;
    private final Deque<String> rest;

    /** @param command such as {@code capture}, for messages */
    public CommandWords(String command, String... words) {
        this.command = command;
        rest = new ArrayDeque<>(List.of(words));
    }

    public boolean isEmpty() { return rest.isEmpty(); }

    public String next() {
        return rest.pop();
    }

    /** The word after an option. */
    public String value(String option) {
        if (rest.isEmpty()) {
            throw new IllegalArgumentException(option + " needs a value; see weft " + command + " --help");
        }
        return rest.pop();
    }

    public int number(String option, int min, int max) {
        return number(option, value(option), min, max);
    }

    public long number(String option, long min, long max) {
        return number(option, value(option), min, max);
    }

    public static int number(String what, String word, int min, int max) {
        return (int) number(what, word, (long) min, (long) max);
    }

    private static long number(String what, String word, long min, long max) {
        try {
            long number = Long.parseLong(word);
            if (number >= min && number <= max) { return number; }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(what + " " + word + " is no number", e);
        }
        throw new IllegalArgumentException(what + " " + word + ": must be from " + min + " to " + max);
    }

    /** The value of {@code --set}, {@code KEY=VALUE}, into settings. */
    public void setting(Map<String, String> settings) {
        String setting = value("--set");
        int equals = setting.indexOf('=');
        if (equals < 1) { throw new IllegalArgumentException("--set " + setting + ": must be KEY=VALUE"); }
        settings.put(setting.substring(0, equals), setting.substring(equals + 1));
    }
}
