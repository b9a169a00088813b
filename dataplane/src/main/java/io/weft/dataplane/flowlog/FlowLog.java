package io.weft.dataplane.flowlog;

import io.weft.dataplane.capture.RingFile;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.nat.SnatPorts;
import io.weft.nativebindings.linux.MappedMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The dataplane's end of the flow records: a file with a ring for each worker and one for the conductor, and the time at which each flow began.
 * The control plane takes the records out. If it does not for a while, the rings are full and further records are lost, which is counted.
 *
 * <p>Thread: the one that starts the dataplane; each {@link FlowLogWriter} belongs to one thread.
 */
public final class FlowLog implements AutoCloseable {
    /** Room for 43,000 records of each thread. */
    private static final int RING_BYTES = 1 << 22;

    private final RingFile file;
    private final MappedMemory starts;
    private final int workers;
    private final FlowTable flows;
    private final SnatPorts snatPorts;
    private final boolean withStarts;

    private FlowLog(RingFile file, MappedMemory starts, int workers, FlowTable flows, SnatPorts snatPorts,
        boolean withStarts) {
        this.file = file;
        this.starts = starts;
        this.workers = workers;
        this.flows = flows;
        this.snatPorts = snatPorts;
        this.withStarts = withStarts;
    }

    /**
     * Creates the file, before any flow is in the table.
     *
     * @param incarnation of the dataplane
     * @param withStarts whether flows are also recorded when they begin
     */
    public static FlowLog create(RingFile.Files files, int workers, FlowTable flows, SnatPorts snatPorts,
        long incarnation, boolean withStarts) {
        RingFile file = RingFile.create(files, FlowLogMessage.KIND, workers + 1, RING_BYTES, incarnation,
            System.nanoTime());
        MappedMemory starts = MappedMemory.anonymous((long) flows.slotCount() * Long.BYTES, false);
        flows.keepStarts(starts.address());
        return new FlowLog(file, starts, workers, flows, snatPorts, withStarts);
    }

    /** Removes the file of an earlier dataplane, for one without flow records. */
    public static void remove(Path runDirectory) throws IOException {
        Files.deleteIfExists(runDirectory.resolve(FlowLogMessage.NAME));
    }

    /** For the thread of a worker. */
    public FlowLogWriter worker(int index) {
        return new FlowLogWriter(flows, snatPorts, file.ring(index), file.lostAt(index), withStarts);
    }

    /** For the conductor's thread. */
    public FlowLogWriter conductor() {
        return worker(workers);
    }

    /** Once no thread writes any more. The file stays, for the control plane to read to the end. */
    @Override
    public void close() {
        flows.keepStarts(0);
        file.end();
        file.close();
        starts.close();
    }
}
