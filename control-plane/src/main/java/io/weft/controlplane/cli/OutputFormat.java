package io.weft.controlplane.cli;

import java.util.Locale;

/** Output format of a command. */
enum OutputFormat {
    TABLE,
    /** A table with all columns. */
    WIDE,
    JSON, YAML;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
