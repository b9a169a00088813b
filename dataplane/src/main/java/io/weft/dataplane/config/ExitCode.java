package io.weft.dataplane.config;

/** Exit codes of all commands, besides 0 for what is done, and {@link SupervisedProcess#NOT_SET_UP} to a supervisor. */
public final class ExitCode {
    public static final int FAILED = 1;
    /** Wrong usage or configuration. */
    public static final int WRONG_USAGE = 2;

    private ExitCode() {
    }
}
