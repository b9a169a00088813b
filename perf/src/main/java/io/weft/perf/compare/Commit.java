package io.weft.perf.compare;

import java.io.IOException;

/** The commit of the checkout whose build runs. */
final class Commit {
    private static final String UNKNOWN = "unknown";

    private Commit() {}

    static String current() throws InterruptedException {
        String home = System.getProperty("weft.home");
        if (home == null) { return UNKNOWN; }
        try {
            return Shell.run("git", "-C", home, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*");
        } catch (IOException e) {
            return UNKNOWN; // no git, or no checkout
        }
    }
}
