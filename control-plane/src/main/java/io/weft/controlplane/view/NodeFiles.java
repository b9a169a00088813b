package io.weft.controlplane.view;

import io.weft.controlplane.status.ControlPlaneStatus;
import io.weft.controlplane.status.StatusFile;
import io.weft.dataplane.counters.CounterFileException;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.table.TablesException;
import io.weft.dataplane.table.TablesReader;
import io.weft.lb.flow.FlowDump;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.MappedMemory;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** The files of a run directory, opened read-only. Each may be missing or unreadable; it is then empty, with a reason. */
public final class NodeFiles implements AutoCloseable {
    private final Path runDirectory;
    private final Optional<CounterReader> counters;
    private final Optional<TablesReader> tables;
    private final Optional<ControlPlaneStatus> controlPlane;
    private Optional<MappedMemory> flows = Optional.empty();
    private String countersReason = "";
    private String tablesReason = "";

    public NodeFiles(Path runDirectory) {
        this.runDirectory = runDirectory;
        counters = openCounters();
        tables = openTables();
        controlPlane = StatusFile.read(runDirectory);
    }

    public Optional<CounterReader> counters() {
        return counters;
    }

    /** @throws UnavailableException if there are no dataplane counters */
    public CounterReader requireCounters() {
        return counters.orElseThrow(() -> new UnavailableException(countersReason));
    }

    public Optional<TablesReader> tables() {
        return tables;
    }

    /** @throws UnavailableException if there are no control plane tables */
    public TablesReader requireTables() {
        return tables.orElseThrow(
            () -> new UnavailableException(
                "no tables in " + runDirectory
                    + " (the control plane has not run, or does not know this node yet; weft status says why): "
                    + tablesReason));
    }

    public Optional<ControlPlaneStatus> controlPlane() {
        return controlPlane;
    }

    /** {@code namespace/name} of this node's pods by address; empty while the control plane has not said. */
    public Map<String, String> podNames() {
        return controlPlane.map(ControlPlaneStatus::podNames).orElse(Map.of());
    }

    /** @throws UnavailableException if there is no flow table */
    public FlowDump requireFlows() {
        try {
            MappedMemory mapping = MappedMemory.openFileReadOnly(runDirectory.resolve("flows"));
            flows = Optional.of(mapping);
            return new FlowDump(mapping.address(), mapping.size());
        } catch (LinuxException | IllegalArgumentException e) {
            throw new UnavailableException(e.getMessage() + " (is the dataplane running?)");
        }
    }

    @Override
    public void close() {
        counters.ifPresent(CounterReader::close);
        tables.ifPresent(TablesReader::close);
        flows.ifPresent(MappedMemory::close);
    }

    private Optional<CounterReader> openCounters() {
        try {
            return Optional.of(CounterReader.open(runDirectory));
        } catch (CounterFileException e) {
            countersReason = e.getMessage();
            return Optional.empty();
        }
    }

    private Optional<TablesReader> openTables() {
        try {
            return Optional.of(TablesReader.open(runDirectory));
        } catch (TablesException e) {
            tablesReason = e.getMessage();
            return Optional.empty();
        }
    }
}
