package io.weft.nativebindings.bpf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.weft.nativebindings.linux.CallState;
import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.Libc;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** The commands of bpf(2) and, for each, the byte offsets of its fields in {@code union bpf_attr} of {@code <linux/bpf.h>}. */
final class Bpf {
    static final int BPF_MAP_CREATE = 0;
    static final int BPF_MAP_LOOKUP_ELEM = 1;
    static final int BPF_MAP_UPDATE_ELEM = 2;
    static final int BPF_MAP_DELETE_ELEM = 3;
    static final int BPF_MAP_GET_NEXT_KEY = 4;
    static final int BPF_PROG_LOAD = 5;
    static final int BPF_PROG_TEST_RUN = 10;
    static final int BPF_PROG_GET_FD_BY_ID = 13;
    static final int BPF_OBJ_GET_INFO_BY_FD = 15;
    static final int BPF_LINK_CREATE = 28;

    static final int BPF_OBJ_NAME_LEN = 16;

    /** BPF_MAP_CREATE. */
    static final int MAP_TYPE = 0;

    static final int MAP_KEY_SIZE = 4;
    static final int MAP_VALUE_SIZE = 8;
    static final int MAP_MAX_ENTRIES = 12;
    static final int MAP_FLAGS = 16;
    static final int MAP_NAME = 28;

    /** BPF_MAP_*_ELEM and BPF_MAP_GET_NEXT_KEY, which writes the next key to the address at ELEM_VALUE. */
    static final int ELEM_MAP_FD = 0;

    static final int ELEM_KEY = 8;
    static final int ELEM_VALUE = 16;
    static final int ELEM_FLAGS = 24;

    /** BPF_PROG_LOAD. */
    static final int PROG_TYPE = 0;

    static final int PROG_INSN_CNT = 4;
    static final int PROG_INSNS = 8;
    static final int PROG_LICENSE = 16;
    static final int PROG_LOG_LEVEL = 24;
    static final int PROG_LOG_SIZE = 28;
    static final int PROG_LOG_BUF = 32;
    static final int PROG_FLAGS = 44;
    static final int PROG_NAME = 48;
    static final int PROG_EXPECTED_ATTACH_TYPE = 68;

    /** BPF_PROG_TEST_RUN. */
    static final int TEST_PROG_FD = 0;

    static final int TEST_RETVAL = 4;
    static final int TEST_DATA_SIZE_IN = 8;
    static final int TEST_DATA_SIZE_OUT = 12;
    static final int TEST_DATA_IN = 16;
    static final int TEST_DATA_OUT = 24;
    static final int TEST_REPEAT = 32;
    static final int TEST_DURATION = 36;
    static final int TEST_CTX_SIZE_IN = 40;
    static final int TEST_CTX_IN = 48;
    static final int TEST_FLAGS = 64;
    static final int TEST_BATCH_SIZE = 72;

    /** {@code struct xdp_md}. */
    static final int XDP_MD_SIZE = 24;

    static final int XDP_MD_DATA = 0;
    static final int XDP_MD_DATA_END = 4;
    static final int XDP_MD_INGRESS_IFINDEX = 12;
    static final int XDP_MD_RX_QUEUE_INDEX = 16;

    /** BPF_OBJ_GET_INFO_BY_FD. */
    static final int INFO_BPF_FD = 0;

    static final int INFO_LEN = 4;
    static final int INFO = 8;

    /** {@code struct bpf_prog_info}: only the fields that this package reads. */
    static final int PROG_INFO_TYPE = 0;

    static final int PROG_INFO_ID = 4;
    static final int PROG_INFO_NAME = 64;
    static final int PROG_INFO_READ_SIZE = 80;

    /** BPF_PROG_GET_FD_BY_ID. */
    static final int GET_FD_PROG_ID = 0;

    /** BPF_LINK_CREATE. */
    static final int LINK_PROG_FD = 0;

    static final int LINK_TARGET_IFINDEX = 4;
    static final int LINK_ATTACH_TYPE = 8;
    static final int LINK_FLAGS = 12;

    /** Bytes of {@code union bpf_attr} that are passed: more than any command here uses. The rest is zero, which every kernel accepts. */
    static final int ATTR_SIZE = 120;

    private static final MethodHandle SYSCALL = Libc.variadic("syscall", 1, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
        JAVA_LONG);
    private static final long NR_BPF = systemCallNumber();

    private Bpf() {}

    /** Runs one command. Returns its result, or -errno. */
    static int call(int command, MemorySegment attr) {
        try {
            CallState state = CallState.current();
            return (int) state.result((long) SYSCALL.invokeExact(
                state.segment(), NR_BPF, (long) command, attr.address(), attr.byteSize()));
        } catch (Throwable t) {
            throw Libc.unlinked("bpf", t);
        }
    }

    /** Writes an object's name: at most 15 characters of letters, digits, dot and underscore. */
    static void putName(MemorySegment attr, int at, String name) {
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        if (bytes.length >= BPF_OBJ_NAME_LEN || !name.matches("[A-Za-z0-9_.]*")) {
            throw new IllegalArgumentException("not a BPF name (at most 15 letters, digits, '_' and '.'): " + name);
        }
        MemorySegment.copy(bytes, 0, attr, JAVA_BYTE, at, bytes.length);
    }

    static String permissionHint(int errno) {
        return errno == Errno.EPERM ? "Loading BPF maps and programs needs CAP_BPF and CAP_NET_ADMIN together" : "";
    }

    static void putInt(MemorySegment attr, int at, int value) {
        attr.set(JAVA_INT, at, value);
    }

    /** From {@code <asm/unistd.h>} of each machine. */
    private static long systemCallNumber() {
        String machine = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        return switch (machine) {
            case "amd64", "x86_64" -> 321;
            case "aarch64", "riscv64" -> 280;
            default -> throw new UnsupportedOperationException(
                "the system call number of bpf(2) is not known for processor " + machine);
        };
    }
}
