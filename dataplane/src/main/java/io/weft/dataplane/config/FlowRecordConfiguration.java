package io.weft.dataplane.config;

import static io.weft.dataplane.config.ConfigurationKey.FLOWS_RECORDS;
import static io.weft.dataplane.config.ConfigurationKey.FLOWS_RECORDS_FILE;
import static io.weft.dataplane.config.ConfigurationKey.FLOWS_RECORDS_FILE_MIB;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * Which flows are recorded: the keys {@code flows.records*}.
 *
 * @param file that records are appended to
 * @param fileBytes size at which it is renamed
 */
public record FlowRecordConfiguration(Mode mode, Optional<Path> file, long fileBytes) {
    private static final int MAX_MIB = 1 << 20;
    private static final int MIB_SHIFT = 20;

    /** When a flow is recorded. */
    public enum Mode {
        OFF,
        /** When it ends. */
        END,
        /** When it begins and when it ends. */
        ALL;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static FlowRecordConfiguration of(Settings settings) {
        FlowRecordConfiguration configuration = new FlowRecordConfiguration(
            settings.choice(FLOWS_RECORDS, Mode.class), settings.optionalPath(FLOWS_RECORDS_FILE),
            (long) settings.integer(FLOWS_RECORDS_FILE_MIB, 1, MAX_MIB) << MIB_SHIFT);
        if (configuration.mode == Mode.OFF && configuration.file.isPresent()) {
            throw settings.wrong(FLOWS_RECORDS, "is off, so flows.recordsFile would stay empty: set it to end or all");
        }
        return configuration;
    }

    public boolean isOn() { return mode != Mode.OFF; }
}
