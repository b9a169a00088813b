package io.weft.vmlab.architecture;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Finds the programs that a bash script starts: the words in command position that are neither bash's own nor functions of the script. It
 * understands as much of the language as the project's scripts use, and does not see a program whose name is in a variable.
 */
final class ShellScript {
    private static final Set<String> KEYWORDS = words(
        "if then else elif fi while until do done for select function in { } ! time [[ esac");
    private static final Set<String> BUILTINS = words(
        """
            . : [ alias bg break builtin caller cd command continue declare dirs echo enable eval exec exit export false fg getopts
            hash help jobs kill let local mapfile printf pwd read readarray readonly return set shift shopt source test times trap true
            type typeset ulimit umask unset wait""");
    /** After these, the next word is a command. */
    private static final Set<String> PREFIXES = words(
        "if then else elif while until do ! time { exec env nice xargs command");
    private static final Pattern ASSIGNMENT = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*(\\[[^]]*])?\\+?=.*",
        Pattern.DOTALL);
    private static final Pattern FUNCTION = Pattern.compile("(?m)^\\s*([A-Za-z_][A-Za-z0-9_]*)\\(\\)");
    private static final Pattern PROGRAM = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.+-]*");
    private static final Pattern INTERPRETER = Pattern.compile("^#!/(?:usr/)?bin/(\\w+(?: \\w+)?)\n");
    private static final Pattern HERE_DOCUMENT = Pattern.compile("<<-?'?([A-Z]+)'?(.*?\\n).*?\\n\\1\\n",
        Pattern.DOTALL);

    private final String text;
    private final Set<String> found = new TreeSet<>();
    private final Set<String> functions;
    private int at;

    private ShellScript(String text) {
        this.text = text;
        functions = FUNCTION.matcher(text).results().map(match -> match.group(1)).collect(Collectors.toSet());
    }

    private static Set<String> words(String text) {
        return Set.copyOf(Arrays.asList(text.strip().split("\\s+")));
    }

    static Set<String> programs(String script) {
        ShellScript reader = new ShellScript(HERE_DOCUMENT.matcher(script).replaceAll("$2"));
        INTERPRETER.matcher(script).results().forEach(line -> reader.found.addAll(List.of(line.group(1).split(" "))));
        reader.commands('\0');
        return reader.found;
    }

    /** Reads commands up to and including {@code end}. */
    private void commands(char end) {
        boolean first = true;
        Deque<Boolean> inCase = new ArrayDeque<>();
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == end && !(end == ')' && inPattern(inCase))) {
                at++;
                return;
            }
            if (c == '\\' && text.startsWith("\\\n", at)) {
                at += 2;
            } else
                if (c == '#'
                    && (at == 0 || Character.isWhitespace(text.charAt(at - 1)) || text.charAt(at - 1) == ';')) {
                        at = Math.max(text.indexOf('\n', at), at + 1);
                    } else if (text.startsWith(";;", at)) {
                        at += 2;
                        first = true;
                        setPattern(inCase, true);
                    } else if (c == '\n' || c == ';' || c == '|' || c == '&') {
                        at++;
                        first = true;
                    } else if (c == ')') { // ends a case's pattern
                        at++;
                        first = true;
                        setPattern(inCase, false);
                    } else if (text.startsWith("((", at)) {
                        arithmetic();
                        first = false;
                    } else if (c == '(') {
                        at++;
                        commands(')');
                    } else if (Character.isWhitespace(c)) {
                        at++;
                    } else if (c == '<' || c == '>') {
                        redirection();
                    } else {
                        first = word(first && !inPattern(inCase), inCase);
                    }
        }
    }

    private static boolean inPattern(Deque<Boolean> inCase) {
        return !inCase.isEmpty() && inCase.peek();
    }

    private static void setPattern(Deque<Boolean> inCase, boolean pattern) {
        if (!inCase.isEmpty()) {
            inCase.pop();
            inCase.push(pattern);
        }
    }

    private boolean word(boolean first, Deque<Boolean> inCase) {
        String word = nextWord();
        if (word.equals("case") && first) {
            while (!nextWord().equals("in")) {
                skipBlanks();
            }
            inCase.push(true);
            return true;
        }
        if (word.equals("esac")) {
            inCase.pop();
            return false;
        }
        if (!first) { return false; }
        if (ASSIGNMENT.matcher(word).matches()) { return true; }
        if (word.equals("[[")) {
            at = Math.max(at, text.indexOf("]]", at));
            return false;
        }
        if (word.equals("for")) {
            nextWordAfterBlanks();
            return false;
        }
        boolean program = PROGRAM.matcher(word).matches() && !KEYWORDS.contains(word) && !BUILTINS.contains(word)
            && !functions.contains(word);
        if (program) {
            found.add(word);
        }
        if (!PREFIXES.contains(word)) { return false; }
        skipOptions();
        return true;
    }

    /** Skips options of a program that runs another: {@code -n 5}, {@code -d '\n'}, variable assignments. */
    private void skipOptions() {
        skipBlanks();
        while (at < text.length() && text.charAt(at) == '-') {
            String option = nextWord();
            skipBlanks();
            if (option.length() == 2 && !option.equals("--") && !option.equals("-v") && !option.equals("-i")) {
                nextWordAfterBlanks();
                skipBlanks();
            }
        }
    }

    private void skipBlanks() {
        while (at < text.length() && (text.charAt(at) == ' ' || text.startsWith("\\\n", at))) {
            at++;
        }
    }

    private String nextWordAfterBlanks() {
        skipBlanks();
        return nextWord();
    }

    /** Reads a word. It keeps its quotes, so that a quoted variable is not taken for a program; command substitutions in it are parsed. */
    private String nextWord() {
        StringBuilder word = new StringBuilder();
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '\\') {
                word.append(text, at, Math.min(at + 2, text.length()));
                at += 2;
            } else if (c == '\'') {
                int close = text.indexOf('\'', at + 1);
                word.append(text, at, close + 1);
                at = close + 1;
            } else if (c == '"') {
                doubleQuoted();
                word.append("\"\"");
            } else if (c == '$' && dollar()) {
                word.append('$');
            } else if ((c == '<' || c == '>') && text.startsWith("(", at + 1)) {
                at += 2;
                commands(')');
                word.append('<');
            } else if (c == '(' && word.length() > 0 && word.charAt(word.length() - 1) == '=') {
                array();
                word.append("()");
            } else if (c == '(' && text.startsWith("()", at)) {
                at += 2;
                word.append("()");
            } else if (Character.isWhitespace(c) || ";|&()<>".indexOf(c) >= 0) {
                break;
            } else {
                word.append(c);
                at++;
            }
        }
        return word.toString();
    }

    /** Reads what follows a dollar sign; false if the dollar sign stands alone or starts a plain variable. */
    private boolean dollar() {
        if (text.startsWith("$((", at)) {
            at++;
            arithmetic();
        } else if (text.startsWith("$(", at)) {
            at += 2;
            commands(')');
        } else if (text.startsWith("${", at)) {
            int depth = 0;
            do {
                depth += text.charAt(at) == '{' ? 1 : text.charAt(at) == '}' ? -1 : 0;
                at++;
            } while (depth > 0 || text.charAt(at - 1) == '$');
        } else {
            return false;
        }
        return true;
    }

    private void doubleQuoted() {
        at++;
        while (text.charAt(at) != '"') {
            if (text.charAt(at) == '\\') {
                at += 2;
            } else if (text.charAt(at) != '$' || !dollar()) {
                at++;
            }
        }
        at++;
    }

    /** Reads {@code ((…))}, including command substitutions in it. */
    private void arithmetic() {
        int depth = 0;
        do {
            if (text.charAt(at) == '$' && text.startsWith("$(", at) && dollar()) {
                continue;
            }
            depth += text.charAt(at) == '(' ? 1 : text.charAt(at) == ')' ? -1 : 0;
            at++;
        } while (depth > 0);
    }

    /** Reads the words of {@code name=(…)}. */
    private void array() {
        at++;
        while (text.charAt(at) != ')') {
            if (Character.isWhitespace(text.charAt(at))) {
                at++;
            } else {
                nextWord();
            }
        }
        at++;
    }

    private void redirection() {
        if (text.startsWith("(", at + 1)) {
            nextWord();
            return;
        }
        while (at < text.length() && "<>&|".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        nextWordAfterBlanks();
    }
}
