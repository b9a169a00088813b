package io.weft.nativebindings.linux;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Files that a reader, or a machine after a power cut, finds whole: the old content or the new. Cold code. */
public final class AtomicFiles {
    private AtomicFiles() {}

    /**
     * Replaces a file: written anew beside it, synced, renamed over it, directory synced. One writer at a time. On a failure the
     * old file is as it was.
     */
    public static void write(Path path, byte[] bytes) throws IOException {
        Path absolute = path.toAbsolutePath();
        Path fresh = absolute.resolveSibling(absolute.getFileName() + ".new");
        try {
            writeAndSync(fresh, bytes);
            Files.move(fresh, absolute, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(fresh);
        }
        syncDirectory(absolute.getParent());
    }

    private static void writeAndSync(Path path, byte[] bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
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
