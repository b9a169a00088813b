package io.weft.dataplane.conductor;

import io.weft.dataplane.log.LogLevel;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.table.TablesException;
import io.weft.dataplane.table.TablesFollower;
import io.weft.dataplane.table.TablesReader;
import io.weft.dataplane.table.TablesUpdate;
import io.weft.dataplane.worker.Epochs;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Follows the tables. It reads the generation from the mapped file in every poll, and looks for a new writer's file, by its inode, ten
 * times a second. Workers get a new reader at once; the old file is unmapped when no worker uses it any more. A missing or unreadable file
 * changes nothing: the last tables stay in force.
 *
 * <p>Thread: the conductor. Cold code.
 */
final class TablesWatch implements AutoCloseable {
    private static final Logger LOG = System.getLogger(TablesWatch.class.getName());
    private static final long LOOK_NANOS = 100_000_000;

    private final Path runDirectory;
    private final Path path;
    private final ForwardingState state;
    private final Epochs epochs;
    private final List<Former> formers = new ArrayList<>();
    private TablesReader reader;
    private TablesFollower follower;
    private Object inode;
    private long generation;
    private long lastLookNanos;
    private String lastComplaint = "";

    private record Former(TablesReader reader, long epoch) {
    }

    TablesWatch(Path runDirectory, ForwardingState state, Epochs epochs) {
        this.runDirectory = runDirectory;
        path = TablesReader.path(runDirectory);
        this.state = state;
        this.epochs = epochs;
        lastLookNanos = System.nanoTime() - LOOK_NANOS;
    }

    /** @return the tables, if they changed since the last call */
    Optional<TablesUpdate> poll(long nowNanos) {
        unmapFormers();
        boolean other = nowNanos - lastLookNanos >= LOOK_NANOS && lookForNewFile(nowNanos);
        if (reader == null || !other && follower.generation() == generation) { return Optional.empty(); }
        TablesUpdate update = follower.next();
        generation = update.tables().generation();
        followLogLevel();
        if (state.tables() != reader || !reader.isCurrent()) {
            reader = reader.renewed();
            state.publish(reader);
        }
        return Optional.of(update);
    }

    private void followLogLevel() {
        LogLevel wanted = reader.logLevel();
        if (wanted != LogLevel.current()) {
            wanted.use();
            LOG.log(Level.INFO, "log level {0}", wanted);
        }
    }

    long incarnation() {
        return reader == null ? 0 : reader.incarnation();
    }

    /** Why the present tables file is not used; empty if it is used or there is none. */
    String complaint() {
        return lastComplaint;
    }

    @Override
    public void close() {
        formers.forEach(former -> former.reader.close());
        formers.clear();
        if (reader != null) {
            reader.close();
        }
    }

    private boolean lookForNewFile(long nowNanos) {
        lastLookNanos = nowNanos;
        Object present = presentInode();
        if (present == null || present.equals(inode)) { return false; }
        try {
            TablesReader newer = TablesReader.open(runDirectory);
            lastComplaint = "";
            inode = present;
            if (newer.local() == null) {
                newer.close();
                inode = null; // its writer has not written the local node yet: look again
                return false;
            }
            replace(newer);
            return true;
        } catch (TablesException e) {
            complain(e.getMessage());
            return false;
        }
    }

    private void replace(TablesReader newer) {
        TablesReader former = reader;
        reader = newer;
        follower = new TablesFollower(newer);
        state.publish(newer);
        if (former != null) {
            formers.add(new Former(former, epochs.advance()));
        }
    }

    private void unmapFormers() {
        formers.removeIf(former -> {
            boolean passed = epochs.passed(former.epoch);
            if (passed) {
                former.reader.close();
            }
            return passed;
        });
    }

    private void complain(String complaint) {
        if (!complaint.equals(lastComplaint)) {
            lastComplaint = complaint;
            LOG.log(Level.WARNING, "cannot use the tables; the last ones stay in force: {0}", complaint);
        }
    }

    private Object presentInode() {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        } catch (IOException none) {
            return null;
        }
    }
}
