package io.weft.nativebindings.bpf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.weft.nativebindings.linux.Descriptors;
import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.MappedMemory;
import io.weft.nativebindings.xdp.XskSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A BPF map. Keys and values are bytes exactly as the program sees them; word keys of arrays are in the machine's order. Any thread may
 * change it. The kernel changes an element atomically in hash maps, but not in arrays. Cold code, except the memory of {@link #mapMemory}.
 */
public final class BpfMap implements AutoCloseable {
    /** {@code enum bpf_map_type}. */
    public enum Type {
        HASH(1),
        ARRAY(2),
        PERCPU_HASH(5),
        PERCPU_ARRAY(6),
        LRU_HASH(9),
        LPM_TRIE(11),
        DEVMAP(14),
        XSKMAP(17);

        private final int number;

        Type(int number) {
            this.number = number;
        }

        int number() {
            return number;
        }
    }

    public static final int BPF_F_NO_PREALLOC = 1;
    public static final int BPF_F_MMAPABLE = 1 << 10;
    /** Flags of {@link #update(byte[], byte[], int)}: create or replace; create only; replace only. */
    public static final int BPF_ANY = 0;

    public static final int BPF_NOEXIST = 1;
    public static final int BPF_EXIST = 2;

    private static final int PAGE_BYTES = 4096;

    private final int fd;
    private final String name;
    private final Type type;
    private final int keySize;
    private final int valueSize;
    private final int maxEntries;
    private final int flags;
    private boolean open = true;

    private BpfMap(int fd, String name, Type type, int keySize, int valueSize, int maxEntries, int flags) {
        this.fd = fd;
        this.name = name;
        this.type = type;
        this.keySize = keySize;
        this.valueSize = valueSize;
        this.maxEntries = maxEntries;
        this.flags = flags;
    }

    /**
     * Creates a map (BPF_MAP_CREATE).
     *
     * @param name up to 15 letters, digits, '_' and '.', as {@code bpftool map} shows it
     * @param keySize in bytes; 4 for arrays
     * @param valueSize in bytes, per processor
     */
    public static BpfMap create(Type type, String name, int keySize, int valueSize, int maxEntries, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attr = arena.allocate(Bpf.ATTR_SIZE, Long.BYTES);
            Bpf.putInt(attr, Bpf.MAP_TYPE, type.number());
            Bpf.putInt(attr, Bpf.MAP_KEY_SIZE, keySize);
            Bpf.putInt(attr, Bpf.MAP_VALUE_SIZE, valueSize);
            Bpf.putInt(attr, Bpf.MAP_MAX_ENTRIES, maxEntries);
            Bpf.putInt(attr, Bpf.MAP_FLAGS, flags);
            Bpf.putName(attr, Bpf.MAP_NAME, name);
            int fd = Bpf.call(Bpf.BPF_MAP_CREATE, attr);
            if (fd < 0) {
                throw new LinuxException("create BPF map " + name + " (" + type + ")", -fd, Bpf.permissionHint(-fd));
            }
            return new BpfMap(fd, name, type, keySize, valueSize, maxEntries, flags);
        }
    }

    /** An array of values whose index is a word. */
    public static BpfMap array(String name, int valueSize, int maxEntries) {
        return create(Type.ARRAY, name, Integer.BYTES, valueSize, maxEntries, 0);
    }

    /** An array that both this process, through {@link #mapMemory}, and a program access without a system call. Linux 5.5. */
    public static BpfMap mappableArray(String name, int valueSize, int maxEntries) {
        return create(Type.ARRAY, name, Integer.BYTES, valueSize, maxEntries, BPF_F_MMAPABLE);
    }

    public static BpfMap hash(String name, int keySize, int valueSize, int maxEntries) {
        return create(Type.HASH, name, keySize, valueSize, maxEntries, 0);
    }

    /** Longest prefix match: a key is a word with the prefix length in bits, then the data in network order. */
    public static BpfMap lpmTrie(String name, int keySize, int valueSize, int maxEntries) {
        return create(Type.LPM_TRIE, name, keySize, valueSize, maxEntries, BPF_F_NO_PREALLOC);
    }

    /** AF_XDP sockets, indexed by queue. */
    public static BpfMap xskMap(String name, int queues) {
        return create(Type.XSKMAP, name, Integer.BYTES, Integer.BYTES, queues, 0);
    }

    public int fd() {
        return fd;
    }

    public int maxEntries() {
        return maxEntries;
    }

    /** Sets one element. */
    public void update(byte[] key, byte[] value) {
        update(key, value, BPF_ANY);
    }

    /** Sets one element. Fails with ENOENT or EEXIST if the flag does not allow it, and with E2BIG if the map is full. */
    public void update(byte[] key, byte[] value, int updateFlags) {
        requireSize("key", key.length, keySize);
        requireSize("value", value.length, valueSize);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attr = element(arena, key, arena.allocateFrom(JAVA_BYTE, value));
            attr.set(JAVA_LONG, Bpf.ELEM_FLAGS, updateFlags);
            int result = Bpf.call(Bpf.BPF_MAP_UPDATE_ELEM, attr);
            if (result < 0) { throw new LinuxException("update BPF map " + name, -result, updateHint(-result)); }
        }
    }

    /** Sets the value of an array's or XSKMAP's element {@code index}. */
    public void update(int index, byte[] value) {
        update(wordBytes(index), value);
    }

    /** Makes an XSKMAP redirect frames of {@code queue} to the socket, which must be bound to that queue. */
    public void put(int queue, XskSocket socket) {
        update(wordBytes(queue), wordBytes(socket.fd()));
    }

    /** The value, or empty if there is none. Not for per-processor maps. */
    public Optional<byte[]> lookup(byte[] key) {
        requireSize("key", key.length, keySize);
        if (type == Type.PERCPU_ARRAY || type == Type.PERCPU_HASH) {
            throw new UnsupportedOperationException("lookup in per-processor map " + name + " is not supported");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(valueSize, Long.BYTES);
            int result = Bpf.call(Bpf.BPF_MAP_LOOKUP_ELEM, element(arena, key, value));
            return found("look up in BPF map ", result) ? Optional.of(value.toArray(JAVA_BYTE)) : Optional.empty();
        }
    }

    /** The value of an array's element. */
    public Optional<byte[]> lookup(int index) {
        return lookup(wordBytes(index));
    }

    /** Removes one element. Returns false if there was none. Arrays do not support removal (EINVAL). */
    public boolean delete(byte[] key) {
        requireSize("key", key.length, keySize);
        try (Arena arena = Arena.ofConfined()) {
            return found(
                "delete from BPF map ", Bpf.call(Bpf.BPF_MAP_DELETE_ELEM, element(arena, key, MemorySegment.NULL)));
        }
    }

    /** Removes the socket of a queue from an XSKMAP. Returns false if there was none. */
    public boolean delete(int index) {
        return delete(wordBytes(index));
    }

    /** All keys. If another thread or program changes a hash map meanwhile, some keys may be missing or appear twice. */
    public List<byte[]> keys() {
        List<byte[]> keys = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment next = arena.allocate(keySize, Long.BYTES);
            MemorySegment attr = element(arena, new byte[keySize], next);
            attr.set(JAVA_LONG, Bpf.ELEM_KEY, 0);
            while (found("walk BPF map ", Bpf.call(Bpf.BPF_MAP_GET_NEXT_KEY, attr))) {
                byte[] key = next.toArray(JAVA_BYTE);
                keys.add(key);
                attr = element(arena, key, next);
            }
        }
        return keys;
    }

    /**
     * Maps an array made by {@link #mappableArray} into this process. Element {@code i} begins at {@code i *} the value size
     * rounded up to 8. Programs see stores at once, in the machine's memory order. The caller closes the mapping.
     */
    public MappedMemory mapMemory() {
        if ((flags & BPF_F_MMAPABLE) == 0) {
            throw new IllegalStateException("BPF map " + name + " is not a mappable array");
        }
        long bytes = (long) valueStride() * maxEntries;
        long size = (bytes + PAGE_BYTES - 1) & -PAGE_BYTES;
        int protection = MappedMemory.PROT_READ | MappedMemory.PROT_WRITE;
        return MappedMemory.descriptor("mmap of BPF map " + name, fd, 0, size, protection);
    }

    /** Bytes from one element to the next in {@link #mapMemory}. */
    public int valueStride() {
        return (valueSize + Long.BYTES - 1) & -Long.BYTES;
    }

    /** Closes the descriptor; the map exists as long as a program uses it. A second call does nothing. */
    @Override
    public void close() {
        if (open) {
            open = false;
            Descriptors.close(fd);
        }
    }

    private MemorySegment element(Arena arena, byte[] key, MemorySegment value) {
        MemorySegment attr = arena.allocate(Bpf.ATTR_SIZE, Long.BYTES);
        Bpf.putInt(attr, Bpf.ELEM_MAP_FD, fd);
        attr.set(JAVA_LONG, Bpf.ELEM_KEY, arena.allocateFrom(JAVA_BYTE, key).address());
        attr.set(JAVA_LONG, Bpf.ELEM_VALUE, value.address());
        return attr;
    }

    private boolean found(String operation, int result) {
        if (result == -Errno.ENOENT) { return false; }
        LinuxException.check(operation + name, result);
        return true;
    }

    private String updateHint(int errno) {
        return switch (errno) {
            case Errno.E2BIG -> "The map is full: it holds " + maxEntries;
            case Errno.EPERM -> Bpf.permissionHint(errno);
            default -> "";
        };
    }

    private void requireSize(String what, int actual, int expected) {
        if (actual != expected) {
            throw new IllegalArgumentException(
                "BPF map " + name + " has " + what + "s of " + expected + " bytes, not " + actual);
        }
    }

    private static byte[] wordBytes(int value) {
        return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder()).putInt(value).array();
    }
}
