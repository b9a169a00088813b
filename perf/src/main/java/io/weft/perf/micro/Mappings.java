package io.weft.perf.micro;

import io.weft.nativebindings.linux.MappedMemory;
import java.util.ArrayList;
import java.util.List;

/** Native memory that is given back together; on huge pages where there are any. */
final class Mappings implements AutoCloseable {
    /** Larger than any chunk, so that chunks are aligned. */
    private static final int ALIGNMENT = 4096;

    private final List<MappedMemory> all = new ArrayList<>();

    /** @return address of {@code bytes} zeroed bytes, page aligned */
    long map(long bytes) {
        MappedMemory memory = MappedMemory.anonymous(bytes + ALIGNMENT, true);
        all.add(memory);
        return (memory.address() + ALIGNMENT - 1) & -ALIGNMENT;
    }

    @Override
    public void close() {
        all.forEach(MappedMemory::close);
    }
}
