package io.weft.dataplane.table;

import io.weft.encap.memory.Memory;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.MappedMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * The mapped file: a header of one page, a log of changes, then the region that maps and blocks are allocated from. All words are in the
 * machine's order; offsets count from the file's first byte.
 *
 * <pre>
 *    0  magic            i64   written last, by release
 *    8  layout version   i32
 *   16  file size        i64
 *   24  incarnation      i64   of the writer; another number is another file
 *   32  generation       i64   by release, after every change that belongs to it
 *   40  route lengths    i64   bit n: some route has prefix length n
 *   48  log position     i64   entries of the log that were ever written, by release
 *   64  roots            six cells of 64 bytes: routes, ports, peers, tunnel endpoints, services, local node
 * 4096  log              2048 entries of 8 bytes, a ring: prefix length in the upper half, base in the lower
 * 20480 arena
 * </pre>
 *
 * <p>A root's cell begins with the root itself: of a {@link io.weft.lb.table.PublishedMap}, or the offset of the local node's block, 0 for none. Its
 * number of changes stands 32 bytes behind.
 *
 * <p><b>Changes.</b> After a change the writer counts it at its root, or enters in the log the addresses that mean something else now, or both,
 * by release: who sees the count or the entry sees the change. ADR 0010 says why flows need to know no more than the addresses.
 */
final class TablesFile implements AutoCloseable {
    static final String NAME = "tables";

    private static final long MAGIC = 0x5745_4654_5441_424CL; // "WEFTTABL"
    private static final int VERSION = 4;
    private static final int MAGIC_AT = 0;
    private static final int VERSION_AT = 8;
    private static final int SIZE_AT = 16;
    private static final int INCARNATION_AT = 24;
    private static final int GENERATION_AT = 32;
    private static final int ROUTE_LENGTHS_AT = 40;
    private static final int LOG_POSITION_AT = 48;
    private static final int ROOTS_AT = 64;
    private static final int ROOT_BYTES = 64;
    private static final int CHANGES_OFFSET = 32;
    private static final int LOG_AT = 4096;
    /** A power of two. The conductor reads the log 50 times a second. */
    static final int LOG_ENTRIES = 2048;
    private static final int ARENA_AT = LOG_AT + LOG_ENTRIES * Long.BYTES;
    private static final long MIN_BYTES = ARENA_AT + 4096;

    /** Where each table hangs. */
    enum Root {
        ROUTES, PORTS, PEERS, ENDPOINTS, SERVICES, LOCAL_NODE
    }

    private final MappedMemory memory;
    private final Path path;

    private TablesFile(MappedMemory memory, Path path) {
        this.memory = memory;
        this.path = path;
    }

    /** Makes {@code tables.<incarnation>}, unseen by readers until {@link #publish}. */
    static TablesFile create(Path runDirectory, long bytes, long incarnation, long generation) {
        Path unfinished = runDirectory.resolve(NAME + "." + Long.toHexString(incarnation));
        MappedMemory memory = MappedMemory.createFile(unfinished, bytes);
        long at = memory.address();
        Memory.putNativeI32(at + VERSION_AT, VERSION);
        Memory.putNativeI64(at + SIZE_AT, bytes);
        Memory.putNativeI64(at + INCARNATION_AT, incarnation);
        Memory.putNativeI64(at + GENERATION_AT, generation);
        Memory.setReleaseI64(at + MAGIC_AT, MAGIC);
        return new TablesFile(memory, unfinished);
    }

    /** Lets readers find the file: the rename is the one moment in which the former writer's tables end. */
    void publish(Path runDirectory) {
        try {
            Files.move(path, runDirectory.resolve(NAME), StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot put " + path + " in place of " + NAME + ": " + e.getMessage(), e);
        }
    }

    /** @throws TablesException when the file is not a whole one of this layout */
    static TablesFile openReadOnly(Path path) {
        MappedMemory memory;
        try {
            memory = MappedMemory.openFileReadOnly(path);
        } catch (LinuxException e) {
            throw new TablesException(e.getMessage());
        }
        try {
            check(memory, path);
            return new TablesFile(memory, path);
        } catch (TablesException e) {
            memory.close();
            throw e;
        }
    }

    /** Removes the file, which was never published. */
    void discard() {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove " + path + ": " + e.getMessage(), e);
        }
    }

    /** Removes what writers that were killed before {@link #publish} left behind. */
    static void removeUnfinished(Path runDirectory) {
        try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(runDirectory, NAME + ".*")) {
            for (Path leftover : leftovers) {
                Files.deleteIfExists(leftover);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot tidy " + runDirectory + ": " + e.getMessage(), e);
        }
    }

    /** Generation of the file there is, whatever its writer; 0 without a readable one. */
    static long lastGeneration(Path runDirectory) {
        try (TablesFile former = openReadOnly(runDirectory.resolve(NAME))) {
            return former.generation();
        } catch (TablesException e) {
            return 0;
        }
    }

    long address() {
        return memory.address();
    }

    long size() {
        return memory.size();
    }

    long arenaAt() {
        return ARENA_AT;
    }

    long rootAt(Root root) {
        return memory.address() + ROOTS_AT + (long) root.ordinal() * ROOT_BYTES;
    }

    long incarnation() {
        return Memory.nativeI64(memory.address() + INCARNATION_AT);
    }

    /** Acquire: what the writer did for this generation is seen. */
    long generation() {
        return Memory.getAcquireI64(memory.address() + GENERATION_AT);
    }

    void generation(long generation) {
        Memory.setReleaseI64(memory.address() + GENERATION_AT, generation);
    }

    long routeLengths() {
        return Memory.getAcquireI64(memory.address() + ROUTE_LENGTHS_AT);
    }

    void routeLengths(long bits) {
        Memory.setReleaseI64(memory.address() + ROUTE_LENGTHS_AT, bits);
    }

    /** Offset of the local node's block, 0 for none. */
    long localNode() {
        return Memory.getAcquireI64(rootAt(Root.LOCAL_NODE));
    }

    void localNode(long offset) {
        Memory.setReleaseI64(rootAt(Root.LOCAL_NODE), offset);
    }

    // -- changes -----------------------------------------------------------------------------------------------------

    /** Number of changes of what hangs at a root. Acquire: they are seen. */
    long changes(Root root) {
        return Memory.getAcquireI64(rootAt(root) + CHANGES_OFFSET);
    }

    /** The writer, after a change. */
    void countChange(Root root) {
        long at = rootAt(root) + CHANGES_OFFSET;
        Memory.setReleaseI64(at, Memory.nativeI64(at) + 1);
    }

    /** Entries of the log ever written. Acquire: their changes are seen. */
    long logPosition() {
        return Memory.getAcquireI64(memory.address() + LOG_POSITION_AT);
    }

    /** The writer, after a change: what these addresses stand for is another now. */
    void logChange(int base, int length) {
        long position = Memory.nativeI64(memory.address() + LOG_POSITION_AT);
        // By release, too: who sees an entry that replaced another sees the position that stood when it was written.
        Memory.setReleaseI64(logEntryAt(position), (long) length << 32 | base & 0xFFFF_FFFFL);
        Memory.setReleaseI64(memory.address() + LOG_POSITION_AT, position + 1);
    }

    /** The entry with this number, or a later one in its place when the position is {@link #LOG_ENTRIES} further by now. */
    long logEntry(long number) {
        return Memory.getAcquireI64(logEntryAt(number));
    }

    private long logEntryAt(long number) {
        return memory.address() + LOG_AT + (number & LOG_ENTRIES - 1) * Long.BYTES;
    }

    /** Whether a block lies inside the arena; a reader asks before it follows an offset out of the file. */
    boolean holds(long offset, long length) {
        return offset >= ARENA_AT && length >= 0 && length <= size() && offset <= size() - length;
    }

    @Override
    public void close() {
        memory.close();
    }

    private static void check(MappedMemory memory, Path path) {
        long at = memory.address();
        if (memory.size() < MIN_BYTES || Memory.getAcquireI64(at + MAGIC_AT) != MAGIC) {
            throw new TablesException(path + ": not a tables file");
        }
        int version = Memory.nativeI32(at + VERSION_AT);
        if (version != VERSION) {
            throw new TablesException(path + ": layout " + version + ", but this program reads " + VERSION
                + "; run the same version of both processes");
        }
        if (Memory.nativeI64(at + SIZE_AT) != memory.size()) {
            throw new TablesException(
                path + ": " + memory.size() + " bytes long instead of " + Memory.nativeI64(at + SIZE_AT));
        }
    }
}
