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
 * The mapped file: a header of one page, a log of changes, then the arena from which maps and blocks are allocated. All words are in
 * machine order; offsets count from the file's first byte.
 *
 * <pre>
 *    0  magic            i64   written last, by release
 *    8  layout version   i32
 *   16  file size        i64
 *   24  incarnation      i64   of the writer; another number is another file
 *   32  generation       i64   by release, after every change that belongs to it
 *   40  route lengths    i64   bit n: some route has prefix length n
 *   48  log position     i64   number of entries ever written to the log, by release
 *   56  log level        i32   ordinal of the LogLevel
 *   64  roots            six cells of 64 bytes: routes, ports, peers, tunnel endpoints, services, local node
 * 4096  log              8192 entries of 8 bytes, a ring: base in the lower half, prefix length from bit 32 on; bit 38: Services
 * 69632 arena
 * </pre>
 *
 * <p>A root's cell starts with the root: that of a {@link io.weft.lb.table.PublishedMap}, or the offset of the local node's block, 0 for
 * none. The number of its changes is at offset 32 of the cell.
 *
 * <p><b>Changes.</b> After a change the writer increments the root's number of changes, or logs the addresses whose meaning has changed, or
 * both. It stores them by release: a reader that sees the number or the entry sees the change. ADR 0010 says why revalidation of flows
 * needs only the addresses.
 */
final class TablesFile implements AutoCloseable {
    static final String NAME = "tables";

    private static final long MAGIC = 0x5745_4654_5441_424CL; // "WEFTTABL"
    private static final int VERSION = 7;
    private static final int MAGIC_AT = 0;
    private static final int VERSION_AT = 8;
    private static final int SIZE_AT = 16;
    private static final int INCARNATION_AT = 24;
    private static final int GENERATION_AT = 32;
    private static final int ROUTE_LENGTHS_AT = 40;
    private static final int LOG_POSITION_AT = 48;
    private static final int LOG_LEVEL_AT = 56;
    private static final int ROOTS_AT = 64;
    private static final int ROOT_BYTES = 64;
    private static final int CHANGES_OFFSET = 32;
    private static final int LOG_AT = 4096;
    /** A power of two. The conductor reads the log 50 to 1,000 times a second; this is enough if it is held up for seconds. */
    static final int LOG_ENTRIES = 8192;
    private static final int LENGTH_SHIFT = 32;
    private static final int LENGTH_MASK = 0x3F;
    /** Of an entry: only the Services with this address have changed. */
    private static final long SERVICES_BIT = 1L << 38;
    private static final int ARENA_AT = LOG_AT + LOG_ENTRIES * Long.BYTES;
    private static final long MIN_BYTES = ARENA_AT + 4096;

    /** The tables that have a root. */
    enum Root {
        ROUTES, PORTS, PEERS, ENDPOINTS, SERVICES, LOCAL_NODE
    }

    private final MappedMemory memory;
    private final Path path;

    private TablesFile(MappedMemory memory, Path path) {
        this.memory = memory;
        this.path = path;
    }

    /** Creates {@code tables.<incarnation>}, which readers do not see until {@link #publish}. */
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

    /** Makes the file visible to readers. The rename is the moment in which the former writer's tables end. */
    void publish(Path runDirectory) {
        try {
            Files.move(path, runDirectory.resolve(NAME), StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot rename " + path + " to " + NAME + ": " + e.getMessage(), e);
        }
    }

    /** @throws TablesException if the file is incomplete or has another layout */
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

    /** Deletes the file, which was never published. */
    void discard() {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete " + path + ": " + e.getMessage(), e);
        }
    }

    /** Deletes files of writers that were killed before {@link #publish}. */
    static void removeUnfinished(Path runDirectory) {
        try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(runDirectory, NAME + ".*")) {
            for (Path leftover : leftovers) {
                Files.deleteIfExists(leftover);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(
                "cannot delete unfinished tables files in " + runDirectory + ": " + e.getMessage(), e);
        }
    }

    /** Generation of the present file, whichever writer it is from; 0 if there is no readable one. */
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

    /** Acquire: the reader sees everything that the writer did for this generation. */
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

    int logLevel() {
        return Memory.nativeI32(memory.address() + LOG_LEVEL_AT);
    }

    /** Readers see it with the next generation. */
    void logLevel(int ordinal) {
        Memory.putNativeI32(memory.address() + LOG_LEVEL_AT, ordinal);
    }

    /** Offset of the local node's block, or 0. */
    long localNode() {
        return Memory.getAcquireI64(rootAt(Root.LOCAL_NODE));
    }

    void localNode(long offset) {
        Memory.setReleaseI64(rootAt(Root.LOCAL_NODE), offset);
    }

    // -- changes -----------------------------------------------------------------------------------------------------

    /** Number of changes of a root's table. Acquire: the reader sees these changes. */
    long changes(Root root) {
        return Memory.getAcquireI64(rootAt(root) + CHANGES_OFFSET);
    }

    /** Called by the writer after a change. */
    void countChange(Root root) {
        long at = rootAt(root) + CHANGES_OFFSET;
        Memory.setReleaseI64(at, Memory.nativeI64(at) + 1);
    }

    /** Number of entries ever written to the log. Acquire: the reader sees their changes. */
    long logPosition() {
        return Memory.getAcquireI64(memory.address() + LOG_POSITION_AT);
    }

    /** Called by the writer after a change of what these addresses mean. */
    void logChange(int base, int length) {
        log((long) length << LENGTH_SHIFT | base & 0xFFFF_FFFFL);
    }

    /** Called by the writer after a change of the Services with this address, which matters only to flows with this destination. */
    void logServices(int address) {
        log(SERVICES_BIT | (long) Integer.SIZE << LENGTH_SHIFT | address & 0xFFFF_FFFFL);
    }

    private void log(long entry) {
        long position = Memory.nativeI64(memory.address() + LOG_POSITION_AT);
        // Release here too: a reader that sees an entry which replaced another also sees the position at the time it was written.
        Memory.setReleaseI64(logEntryAt(position), entry);
        Memory.setReleaseI64(memory.address() + LOG_POSITION_AT, position + 1);
    }

    /** The base of a {@link #logEntry}. */
    static int base(long entry) {
        return (int) entry;
    }

    /** The prefix length of a {@link #logEntry}. */
    static int length(long entry) {
        return (int) (entry >>> LENGTH_SHIFT) & LENGTH_MASK;
    }

    /** Whether a {@link #logEntry} is from {@link #logServices}. */
    static boolean isOfServices(long entry) {
        return (entry & SERVICES_BIT) != 0;
    }

    /** The entry with this number; or the one that has replaced it, if the position has since advanced by {@link #LOG_ENTRIES}. */
    long logEntry(long number) {
        return Memory.getAcquireI64(logEntryAt(number));
    }

    private long logEntryAt(long number) {
        return memory.address() + LOG_AT + (number & LOG_ENTRIES - 1) * Long.BYTES;
    }

    /** Whether a block is inside the arena. A reader checks this before it uses an offset from the file. */
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
