package io.weft.nativebindings.xdp;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.weft.nativebindings.linux.MappedMemory;
import java.lang.foreign.MemorySegment;

/** Native addresses of the parts of one ring. */
record RingMemory(MappedMemory mapping, long producerAt, long consumerAt, long flagsAt, long entriesAt, int entries) {
    /**
     * Maps a ring that was created on the socket.
     *
     * @param offsets this ring's {@code struct xdp_ring_offset}; always use it, because newer kernels may move the fields
     */
    static RingMemory map(int fd, String ring, long pageOffset, MemorySegment offsets, int entries, int entrySize) {
        long entriesOffset = offsets.get(JAVA_LONG, XdpAbi.RING_OFFSET_DESC);
        long size = entriesOffset + (long) entries * entrySize;
        int protection = MappedMemory.PROT_READ | MappedMemory.PROT_WRITE;
        MappedMemory mapping = MappedMemory.descriptor("mmap of the " + ring, fd, pageOffset, size, protection);
        long base = mapping.address();
        return new RingMemory(
            mapping,
            base + offsets.get(JAVA_LONG, XdpAbi.RING_OFFSET_PRODUCER),
            base + offsets.get(JAVA_LONG, XdpAbi.RING_OFFSET_CONSUMER),
            base + offsets.get(JAVA_LONG, XdpAbi.RING_OFFSET_FLAGS),
            base + entriesOffset,
            entries);
    }
}
