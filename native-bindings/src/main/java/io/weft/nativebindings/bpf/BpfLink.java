package io.weft.nativebindings.bpf;

import io.weft.nativebindings.linux.Descriptors;
import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.InterfaceNames;
import io.weft.nativebindings.linux.LinuxException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The attachment of a program to a device. The kernel detaches the program when this link is closed or the process dies, so no program
 * is left behind. XDP: Linux 5.9; TCX: Linux 6.6. Cold code.
 */
public final class BpfLink implements AutoCloseable {
    /** {@code XDP_FLAGS_*} of {@code <linux/if_link.h>}. */
    public enum Mode {
        /** In the driver, before the kernel allocates a socket buffer. */
        NATIVE(XDP_FLAGS_DRV_MODE),
        /** On socket buffers, on any device. The sender's segmentation offload must be off. */
        GENERIC(XDP_FLAGS_SKB_MODE);

        private final int flags;

        Mode(int flags) {
            this.flags = flags;
        }
    }

    /** Where a program of type SCHED_CLS runs: {@code enum bpf_attach_type}. */
    public enum Direction {
        /** On what the device has received, before the network stack. */
        INGRESS(46),
        /** On what the network stack sends through the device. */
        EGRESS(47);

        private final int attachType;

        Direction(int attachType) {
            this.attachType = attachType;
        }
    }

    /** Result of a program ({@code enum tcx_action_base}): the next program of the device decides. */
    public static final int TCX_NEXT = -1;

    /** Before all other programs, if there is nothing to be relative to. */
    static final int BPF_F_BEFORE = 1 << 3;
    static final int XDP_FLAGS_SKB_MODE = 1 << 1;
    static final int XDP_FLAGS_DRV_MODE = 1 << 2;

    private final int fd;
    private boolean open = true;

    private BpfLink(int fd) {
        this.fd = fd;
    }

    /** Attaches to a device of the calling thread's network namespace. Never replaces another program. */
    public static BpfLink attachXdp(BpfProgram program, int ifindex, Mode mode) {
        int fd = create(program, ifindex, BpfProgram.BPF_XDP, mode.flags);
        if (fd < 0) {
            String operation = "attach XDP program " + program.name() + " to " + InterfaceNames.describe(ifindex)
                + " (" + mode + ")";
            throw new LinuxException(operation, -fd, hint(-fd, ifindex));
        }
        return new BpfLink(fd);
    }

    /** Attaches a program of type SCHED_CLS to a device of the calling thread's network namespace, before all others (TCX). Linux 6.6. */
    public static BpfLink attachTcx(BpfProgram program, int ifindex, Direction direction) {
        int fd = create(program, ifindex, direction.attachType, BPF_F_BEFORE);
        if (fd < 0) {
            throw new LinuxException("attach program " + program.name() + " to " + InterfaceNames.describe(ifindex)
                + " (TCX " + direction + ")", -fd, -fd == Errno.EINVAL ? "Linux 6.6 and later can" : "");
        }
        return new BpfLink(fd);
    }

    private static int create(BpfProgram program, int ifindex, int attachType, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attr = arena.allocate(Bpf.ATTR_SIZE, Long.BYTES);
            Bpf.putInt(attr, Bpf.LINK_PROG_FD, program.fd());
            Bpf.putInt(attr, Bpf.LINK_TARGET_IFINDEX, ifindex);
            Bpf.putInt(attr, Bpf.LINK_ATTACH_TYPE, attachType);
            Bpf.putInt(attr, Bpf.LINK_FLAGS, flags);
            return Bpf.call(Bpf.BPF_LINK_CREATE, attr);
        }
    }

    public int fd() {
        return fd;
    }

    /** Detaches. A second call does nothing. */
    @Override
    public void close() {
        if (open) {
            open = false;
            Descriptors.close(fd);
        }
    }

    private static String hint(int errno, int ifindex) {
        return switch (errno) {
            case Errno.EBUSY, Errno.EEXIST -> foreignProgram(ifindex);
            case Errno.ERANGE -> "The MTU of the device or its peer is too large for a program without"
                + " BPF_F_XDP_HAS_FRAGS: load it with that flag, or lower the MTU";
            case Errno.ENOSPC -> "The veth's peer has more transmit queues than this end has receive queues: set both"
                + " with ethtool -L";
            case Errno.EOPNOTSUPP, Errno.EINVAL -> "The driver or its current settings (LRO, MTU, queues) do not accept"
                + " this program: dmesg may say why; try GENERIC";
            case Errno.ENODEV -> "There is no such device in this network namespace";
            case Errno.EPERM -> "Attaching an XDP program needs both CAP_NET_ADMIN and CAP_BPF";
            default -> "";
        };
    }

    private static String foreignProgram(int ifindex) {
        int id = XdpQuery.programId(ifindex);
        if (id == 0) {
            return "Another XDP program is attached in another mode: stop its owner, or detach it with ip link set dev DEVICE xdp off";
        }
        return "XDP program " + id + nameOf(id) + " is attached already: stop its owner, or ip link set dev "
            + InterfaceNames.describe(ifindex) + " xdp off";
    }

    /** The program's name for the message; empty if this process may not read it. */
    private static String nameOf(int id) {
        try {
            return " (" + BpfProgram.byId(id).name() + ")";
        } catch (LinuxException e) {
            return "";
        }
    }
}
