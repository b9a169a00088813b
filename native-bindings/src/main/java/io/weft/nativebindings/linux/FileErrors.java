package io.weft.nativebindings.linux;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Describes in one line for the user what is wrong with a file, and what to do. */
public final class FileErrors {
    private FileErrors() {
    }

    /** The file and the reason, which some Java exceptions omit. */
    public static String describe(IOException e) {
        return switch (e) {
            case AccessDeniedException denied -> denied.getFile() + ": permission denied (run as root?)";
            case NoSuchFileException missing -> missing.getFile() + ": no such file or directory";
            case FileSystemException failed when failed.getReason() != null ->
                failed.getFile() + ": " + failed.getReason();
            case FileSystemException failed -> failed.getFile() + ": " + failed.getClass().getSimpleName();
            default -> String.valueOf(e.getMessage());
        };
    }

    /** What to do when the kernel refuses to create or open a file; empty if there is no advice. */
    static String hint(int errno) {
        return switch (errno) {
            case Errno.EACCES, Errno.EPERM -> "Run as root, or give this user access to the directory";
            case Errno.ENOSPC -> "Make room on that file system, or set another directory";
            case Errno.EROFS -> "Set a writable directory";
            default -> "";
        };
    }
}
