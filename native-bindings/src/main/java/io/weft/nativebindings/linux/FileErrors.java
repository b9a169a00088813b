package io.weft.nativebindings.linux;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** What is wrong with a file, and what to do, for the one line that a user reads. */
public final class FileErrors {
    private FileErrors() {
    }

    /** File and reason; some of Java's exceptions name only the file. */
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

    /** What to do about a refusal to make or open a file; empty when nothing is known. */
    static String hint(int errno) {
        return switch (errno) {
            case Errno.EACCES, Errno.EPERM -> "Run as root, or give this user the directory";
            case Errno.ENOSPC -> "Make room on that file system, or set another directory";
            case Errno.EROFS -> "Set a directory that can be written";
            default -> "";
        };
    }
}
