package io.weft.nativebindings.bpf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.weft.nativebindings.linux.Descriptors;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.NativeMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A program in the kernel. It exists as long as this descriptor, a link, or another program refers to it. Cold code. */
public final class BpfProgram implements AutoCloseable {
    /** {@code enum bpf_prog_type}, each with the attach type that its links expect. */
    public enum Type {
        SCHED_CLS(3, 0),
        XDP(6, BPF_XDP);

        private final int number;
        private final int attachType;

        Type(int number, int attachType) {
            this.number = number;
            this.attachType = attachType;
        }
    }

    /** {@code enum bpf_attach_type}. */
    public static final int BPF_XDP = 37;

    /** The program supports multi-buffer frames. Devices whose MTU exceeds a page minus headroom need such a program. Linux 5.18. */
    public static final int BPF_F_XDP_HAS_FRAGS = 1 << 5;

    /** The kernel treats the frames of a test run as real: it sends what the program redirects. Linux 5.18. */
    static final int BPF_F_TEST_XDP_LIVE_FRAMES = 1 << 1;

    /** Maximum number of frames in one batch of {@link #runLive}. */
    public static final int LIVE_BATCH_MAX = 256; // TEST_XDP_MAX_BATCH of net/bpf/test_run.c

    private static final String LICENSE = "Apache-2.0";
    private static final int LOG_BYTES = 1 << 20;
    private static final int INSTRUCTION_BYTES = 8;
    private static final int TEST_TAILROOM = 512;

    private final int fd;
    private final String name;
    private boolean open = true;

    private BpfProgram(int fd, String name) {
        this.fd = fd;
        this.name = name;
    }

    /**
     * Loads a program (BPF_PROG_LOAD).
     *
     * @param name up to 15 letters, digits, '_' and '.', as {@code ip link} and {@code bpftool} show it
     * @param instructions from {@link BpfAssembler#assemble}
     * @param flags 0 or {@link #BPF_F_XDP_HAS_FRAGS}
     */
    public static BpfProgram load(Type type, String name, byte[] instructions, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attr = loadAttributes(arena, type, name, instructions, flags);
            int fd = Bpf.call(Bpf.BPF_PROG_LOAD, attr);
            if (fd >= 0) { return new BpfProgram(fd, name); }
            throw refused(arena, attr, type, name, -fd);
        }
    }

    /** An XDP program that supports multi-buffer frames. */
    public static BpfProgram loadXdp(String name, BpfAssembler program) {
        return load(Type.XDP, name, program.assemble(), BPF_F_XDP_HAS_FRAGS);
    }

    public int fd() {
        return fd;
    }

    public String name() {
        return name;
    }

    /** The kernel's id of the program, as {@code ip link} shows it. */
    public int id() {
        return describe(fd).id();
    }

    /** Some fields of {@code struct bpf_prog_info}. */
    public record ProgramInfo(int id, int type, String name) {}

    /** What the kernel reports about the program with an id; needs CAP_SYS_ADMIN. */
    public static ProgramInfo byId(int id) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attr = arena.allocate(Bpf.ATTR_SIZE, Long.BYTES);
            Bpf.putInt(attr, Bpf.GET_FD_PROG_ID, id);
            int fd = LinuxException.check("open BPF program " + id, Bpf.call(Bpf.BPF_PROG_GET_FD_BY_ID, attr));
            try {
                return describe(fd);
            } finally {
                Descriptors.close(fd);
            }
        }
    }

    /** Result of {@link #testRun(byte[])}. */
    public static final class TestRun {
        private final int result;
        private final byte[] data;
        private final int durationNanos;

        private TestRun(int result, byte[] data, int durationNanos) {
            this.result = result;
            this.data = data;
            this.durationNanos = durationNanos;
        }

        /** The program's return value; for XDP, one of {@link XdpAction}. */
        public int result() {
            return result;
        }

        /** The frame after the program ran. */
        public byte[] data() {
            return data.clone();
        }

        public int durationNanos() {
            return durationNanos;
        }
    }

    /** Runs the program on a frame of at least 14 bytes, without any device (BPF_PROG_TEST_RUN). */
    public TestRun testRun(byte[] frame) {
        return testRun(frame, 0, 0);
    }

    /**
     * Like {@link #testRun(byte[])}, as if the frame came from a queue of a device of this namespace.
     *
     * @param ifindex the device, whose queue must exist; 0 for none
     */
    public TestRun testRun(byte[] frame, int ifindex, int queue) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(frame.length + (long) TEST_TAILROOM);
            MemorySegment attr = arena.allocate(Bpf.ATTR_SIZE, Long.BYTES);
            Bpf.putInt(attr, Bpf.TEST_PROG_FD, fd);
            Bpf.putInt(attr, Bpf.TEST_DATA_SIZE_IN, frame.length);
            Bpf.putInt(attr, Bpf.TEST_DATA_SIZE_OUT, frame.length + TEST_TAILROOM);
            attr.set(JAVA_LONG, Bpf.TEST_DATA_IN, arena.allocateFrom(JAVA_BYTE, frame).address());
            attr.set(JAVA_LONG, Bpf.TEST_DATA_OUT, out.address());
            if (ifindex != 0) {
                MemorySegment context = context(arena, frame.length, ifindex, queue);
                Bpf.putInt(attr, Bpf.TEST_CTX_SIZE_IN, (int) context.byteSize());
                attr.set(JAVA_LONG, Bpf.TEST_CTX_IN, context.address());
            }
            LinuxException.check("test run of BPF program " + name, Bpf.call(Bpf.BPF_PROG_TEST_RUN, attr));
            byte[] data = out.asSlice(0, attr.get(JAVA_INT, Bpf.TEST_DATA_SIZE_OUT)).toArray(JAVA_BYTE);
            return new TestRun(attr.get(JAVA_INT, Bpf.TEST_RETVAL), data, attr.get(JAVA_INT, Bpf.TEST_DURATION));
        }
    }

    /**
     * Runs an XDP program on frames that the kernel generates, as if they had arrived on the loopback device of the calling thread's
     * network namespace, and carries out its verdicts. The kernel reuses the frames, with whatever was written into them. Setting up a run
     * takes tens of milliseconds. A signal to the calling thread ends the run after the current batch.
     *
     * @param frame content of a new frame; at most about 3400 bytes
     * @param frames number of runs, unsigned
     * @param batch frames between two flushes, 1 to {@link #LIVE_BATCH_MAX}
     * @return 0, or -errno: EINTR if a signal ended the run
     */
    public int runLive(byte[] frame, int frames, int batch) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attr = arena.allocate(Bpf.ATTR_SIZE, Long.BYTES);
            Bpf.putInt(attr, Bpf.TEST_PROG_FD, fd);
            Bpf.putInt(attr, Bpf.TEST_DATA_SIZE_IN, frame.length);
            attr.set(JAVA_LONG, Bpf.TEST_DATA_IN, arena.allocateFrom(JAVA_BYTE, frame).address());
            Bpf.putInt(attr, Bpf.TEST_REPEAT, frames);
            Bpf.putInt(attr, Bpf.TEST_FLAGS, BPF_F_TEST_XDP_LIVE_FRAMES);
            Bpf.putInt(attr, Bpf.TEST_BATCH_SIZE, batch);
            return Bpf.call(Bpf.BPF_PROG_TEST_RUN, attr);
        }
    }

    /** Closes the descriptor; the program stays attached where it is. A second call does nothing. */
    @Override
    public void close() {
        if (open) {
            open = false;
            Descriptors.close(fd);
        }
    }

    private static MemorySegment loadAttributes(Arena arena, Type type, String name, byte[] instructions, int flags) {
        MemorySegment attr = arena.allocate(Bpf.ATTR_SIZE, Long.BYTES);
        MemorySegment code = arena.allocate(instructions.length, Long.BYTES)
            .copyFrom(MemorySegment.ofArray(instructions));
        Bpf.putInt(attr, Bpf.PROG_TYPE, type.number);
        Bpf.putInt(attr, Bpf.PROG_INSN_CNT, instructions.length / INSTRUCTION_BYTES);
        attr.set(JAVA_LONG, Bpf.PROG_INSNS, code.address());
        attr.set(JAVA_LONG, Bpf.PROG_LICENSE, arena.allocateFrom(LICENSE).address());
        Bpf.putInt(attr, Bpf.PROG_FLAGS, flags);
        Bpf.putName(attr, Bpf.PROG_NAME, name);
        Bpf.putInt(attr, Bpf.PROG_EXPECTED_ATTACH_TYPE, type.attachType);
        return attr;
    }

    /**
     * Loads the program again to get the verifier's log. The first load has no log, because the kernel also refuses a program whose log
     * does not fit the buffer.
     */
    private static LinuxException refused(Arena arena, MemorySegment attr, Type type, String name, int errno) {
        String operation = "load " + type + " program " + name;
        String hint = Bpf.permissionHint(errno);
        if (!hint.isEmpty()) { return new LinuxException(operation, errno, hint); }
        MemorySegment log = arena.allocate(LOG_BYTES);
        Bpf.putInt(attr, Bpf.PROG_LOG_LEVEL, 1);
        Bpf.putInt(attr, Bpf.PROG_LOG_SIZE, LOG_BYTES);
        attr.set(JAVA_LONG, Bpf.PROG_LOG_BUF, log.address());
        Descriptors.close(Bpf.call(Bpf.BPF_PROG_LOAD, attr));
        String text = NativeMemory.string(log, LOG_BYTES);
        return text.isBlank() ? new LinuxException(operation, errno) : new VerifierException(operation, errno, text);
    }

    private static ProgramInfo describe(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(Bpf.PROG_INFO_READ_SIZE, Long.BYTES);
            MemorySegment attr = arena.allocate(Bpf.ATTR_SIZE, Long.BYTES);
            Bpf.putInt(attr, Bpf.INFO_BPF_FD, fd);
            Bpf.putInt(attr, Bpf.INFO_LEN, (int) info.byteSize());
            attr.set(JAVA_LONG, Bpf.INFO, info.address());
            LinuxException.check("read BPF program info", Bpf.call(Bpf.BPF_OBJ_GET_INFO_BY_FD, attr));
            String name = NativeMemory.string(info.asSlice(Bpf.PROG_INFO_NAME), Bpf.BPF_OBJ_NAME_LEN);
            return new ProgramInfo(info.get(JAVA_INT, Bpf.PROG_INFO_ID), info.get(JAVA_INT, Bpf.PROG_INFO_TYPE), name);
        }
    }

    private static MemorySegment context(Arena arena, int length, int ifindex, int queue) {
        MemorySegment context = arena.allocate(Bpf.XDP_MD_SIZE, Long.BYTES);
        Bpf.putInt(context, Bpf.XDP_MD_DATA, 0);
        Bpf.putInt(context, Bpf.XDP_MD_DATA_END, length);
        Bpf.putInt(context, Bpf.XDP_MD_INGRESS_IFINDEX, ifindex);
        Bpf.putInt(context, Bpf.XDP_MD_RX_QUEUE_INDEX, queue);
        return context;
    }
}
