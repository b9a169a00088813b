package io.weft.nativebindings.linux;

/** An error from the kernel, in one line: the operation, the errno, and a hint on what to do if there is one. Only cold code throws it. */
public class LinuxException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int errno;

    public LinuxException(String operation, int errno) {
        this(operation, errno, "");
    }

    /** @param hint a sentence that says what to do, or empty */
    public LinuxException(String operation, int errno, String hint) {
        super(message(operation, errno, hint));
        this.errno = errno;
    }

    /** The positive error number. */
    public int errno() {
        return errno;
    }

    /** Returns a result, or throws if it is {@code -errno}. */
    public static int check(String operation, int result) {
        if (result < 0) { throw new LinuxException(operation, -result); }
        return result;
    }

    /** Like {@link #check(String, int)}, for calls that return a size or an address. */
    public static long check(String operation, long result) {
        if (result < 0 && result >= -4095) { throw new LinuxException(operation, (int) -result); }
        return result;
    }

    private static String message(String operation, int errno, String hint) {
        String what = operation + ": " + Errno.name(errno) + " (" + errno + ") " + Errno.describe(errno);
        return hint.isEmpty() ? what : what + ". " + hint;
    }
}
