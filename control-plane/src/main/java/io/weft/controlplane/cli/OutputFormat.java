package io.weft.controlplane.cli;

import java.util.Locale;

/** How a command prints what it shows. */
enum OutputFormat {
    TABLE, JSON, YAML;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
