package io.weft.nativebindings.linux;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;

/** Writes files so that a reader, also after a power failure, finds the old content or the new, never a mixture. Cold code. */
public final class AtomicFiles {
    private AtomicFiles() {}

    /**
     * Replaces a file: writes a new one next to it, syncs it, renames it over the old one and syncs the directory. One writer at a time. If
     * it fails, the old file is unchanged.
     */
    public static void write(Path path, byte[] bytes) throws IOException {
        write(path, bytes, Set.of());
    }

    /**
     * Like {@link #write(Path, byte[])}.
     *
     * @param permissions of the file, whatever the umask; empty for those of any new file
     */
    public static void write(Path path, byte[] bytes, Set<PosixFilePermission> permissions) throws IOException {
        Path absolute = path.toAbsolutePath();
        Path fresh = absolute.resolveSibling(absolute.getFileName() + ".new");
        try {
            writeAndSync(fresh, bytes, permissions);
            Files.move(fresh, absolute, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(fresh);
        }
        syncDirectory(absolute.getParent());
    }

    private static void writeAndSync(Path path, byte[] bytes, Set<PosixFilePermission> permissions)
        throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
            if (!permissions.isEmpty()) {
                Files.setPosixFilePermissions(path, permissions);
            }
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
    }

    /** Deletes a file, if it exists, and syncs its directory. @return whether it existed */
    public static boolean delete(Path path) throws IOException {
        boolean deleted = Files.deleteIfExists(path);
        if (deleted) {
            syncDirectory(path.toAbsolutePath().getParent());
        }
        return deleted;
    }

    private static void syncDirectory(Path directory) {
        int fd = LinuxException.check("open " + directory, Descriptors.open(directory, Descriptors.O_RDONLY, 0));
        try {
            LinuxException.check("fsync " + directory, Descriptors.fsync(fd));
        } finally {
            Descriptors.close(fd);
        }
    }
}
