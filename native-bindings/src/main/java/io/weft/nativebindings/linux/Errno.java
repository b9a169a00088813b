package io.weft.nativebindings.linux;

import java.util.HashMap;
import java.util.Map;

/** Error numbers as the kernel returns them: {@code <asm-generic/errno-base.h>} and {@code <asm-generic/errno.h>}. */
public final class Errno {
    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int ESRCH = 3;
    public static final int EINTR = 4;
    public static final int EIO = 5;
    public static final int ENXIO = 6;
    public static final int E2BIG = 7;
    public static final int EBADF = 9;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EACCES = 13;
    public static final int EFAULT = 14;
    public static final int EBUSY = 16;
    public static final int EEXIST = 17;
    public static final int EXDEV = 18;
    public static final int ENODEV = 19;
    public static final int ENOTDIR = 20;
    public static final int EISDIR = 21;
    public static final int EINVAL = 22;
    public static final int ENFILE = 23;
    public static final int EMFILE = 24;
    public static final int ENOTTY = 25;
    public static final int EFBIG = 27;
    public static final int ENOSPC = 28;
    public static final int EROFS = 30;
    public static final int EPIPE = 32;
    public static final int ERANGE = 34;
    public static final int EDEADLK = 35;
    public static final int ENAMETOOLONG = 36;
    public static final int ENOSYS = 38;
    public static final int ELOOP = 40;
    public static final int ENODATA = 61;
    public static final int EPROTO = 71;
    public static final int EBADMSG = 74;
    public static final int EOVERFLOW = 75;
    public static final int EBADFD = 77;
    public static final int ENOTSOCK = 88;
    public static final int EMSGSIZE = 90;
    public static final int ENOPROTOOPT = 92;
    public static final int EPROTONOSUPPORT = 93;
    public static final int EOPNOTSUPP = 95;
    public static final int EAFNOSUPPORT = 97;
    public static final int EADDRINUSE = 98;
    public static final int EADDRNOTAVAIL = 99;
    public static final int ENETDOWN = 100;
    public static final int ENETUNREACH = 101;
    public static final int ECONNRESET = 104;
    public static final int ENOBUFS = 105;
    public static final int ENOTCONN = 107;
    public static final int ETIMEDOUT = 110;
    public static final int ECONNREFUSED = 111;
    public static final int EHOSTUNREACH = 113;
    public static final int EALREADY = 114;
    public static final int EINPROGRESS = 115;

    private static final String TABLE = """
        1 EPERM Operation not permitted
        2 ENOENT No such file or directory
        3 ESRCH No such process
        4 EINTR Interrupted system call
        5 EIO Input/output error
        6 ENXIO No such device or address
        7 E2BIG Argument list too long
        9 EBADF Bad file descriptor
        11 EAGAIN Resource temporarily unavailable
        12 ENOMEM Cannot allocate memory
        13 EACCES Permission denied
        14 EFAULT Bad address
        16 EBUSY Device or resource busy
        17 EEXIST File exists
        18 EXDEV Invalid cross-device link
        19 ENODEV No such device
        20 ENOTDIR Not a directory
        21 EISDIR Is a directory
        22 EINVAL Invalid argument
        23 ENFILE Too many open files in system
        24 EMFILE Too many open files
        25 ENOTTY Inappropriate ioctl for device
        27 EFBIG File too large
        28 ENOSPC No space left on device
        30 EROFS Read-only file system
        32 EPIPE Broken pipe
        34 ERANGE Numerical result out of range
        35 EDEADLK Resource deadlock avoided
        36 ENAMETOOLONG File name too long
        38 ENOSYS Function not implemented
        40 ELOOP Too many levels of symbolic links
        61 ENODATA No data available
        71 EPROTO Protocol error
        74 EBADMSG Bad message
        75 EOVERFLOW Value too large for defined data type
        77 EBADFD File descriptor in bad state
        88 ENOTSOCK Socket operation on non-socket
        90 EMSGSIZE Message too long
        92 ENOPROTOOPT Protocol not available
        93 EPROTONOSUPPORT Protocol not supported
        95 EOPNOTSUPP Operation not supported
        97 EAFNOSUPPORT Address family not supported by protocol
        98 EADDRINUSE Address already in use
        99 EADDRNOTAVAIL Cannot assign requested address
        100 ENETDOWN Network is down
        101 ENETUNREACH Network is unreachable
        104 ECONNRESET Connection reset by peer
        105 ENOBUFS No buffer space available
        107 ENOTCONN Transport endpoint is not connected
        110 ETIMEDOUT Connection timed out
        111 ECONNREFUSED Connection refused
        113 EHOSTUNREACH No route to host
        114 EALREADY Operation already in progress
        115 EINPROGRESS Operation now in progress
        """;

    private static final Map<Integer, String[]> ENTRIES = parse();

    private Errno() {}

    /** The symbol, {@code EBUSY} for 16; {@code errno 57} for one not listed here. */
    public static String name(int errno) {
        String[] entry = ENTRIES.get(errno);
        return entry == null ? "errno " + errno : entry[1];
    }

    /** The C library's English sentence, or the number for one not listed here. */
    public static String describe(int errno) {
        String[] entry = ENTRIES.get(errno);
        return entry == null ? "error number " + errno : entry[2];
    }

    private static Map<Integer, String[]> parse() {
        Map<Integer, String[]> entries = new HashMap<>();
        TABLE.lines().map(line -> line.split(" ", 3)).forEach(entry -> entries.put(Integer.valueOf(entry[0]), entry));
        return entries;
    }
}
