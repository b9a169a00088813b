package io.weft.controlplane.cli;

/**
 * A line of {@code weft doctor}.
 *
 * @param advice what to do; empty if nothing
 */
record Finding(Verdict verdict, String subject, String found, String advice) {
    enum Verdict {
        OK, WARN, FAIL
    }

    static Finding ok(String subject, String found) {
        return new Finding(Verdict.OK, subject, found, "");
    }

    static Finding warn(String subject, String found, String advice) {
        return new Finding(Verdict.WARN, subject, found, advice);
    }

    static Finding fail(String subject, String found, String advice) {
        return new Finding(Verdict.FAIL, subject, found, advice);
    }
}
