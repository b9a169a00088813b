package io.weft.controlplane.source;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * inotify on one directory that may disappear, come back or be replaced by another of the same name. If watching fails, {@link #await} only
 * waits, and the periodic scan finds the changes. Used by one thread, closed by any.
 */
final class DirectoryWatch implements AutoCloseable {
    private final Path directory;
    private final WatchService service;
    private WatchKey key;
    private Object watched;

    DirectoryWatch(Path directory) throws IOException {
        this.directory = directory;
        this.service = FileSystems.getDefault().newWatchService();
    }

    /** Watches the directory that has the name now. */
    void renew() {
        try {
            Object identity = Files.readAttributes(directory, BasicFileAttributes.class).fileKey();
            if (key != null && key.isValid() && Objects.equals(identity, watched)) { return; }
            cancel();
            key = directory.register(service, StandardWatchEventKinds.ENTRY_CREATE,
                StandardWatchEventKinds.ENTRY_DELETE, StandardWatchEventKinds.ENTRY_MODIFY);
            watched = identity;
        } catch (IOException e) {
            cancel();
        }
    }

    /** Waits for an event. @return names of files reported since the last call; none after a timeout or an overflow */
    Set<String> await(long timeoutMillis) throws InterruptedException {
        Set<String> names = new HashSet<>();
        try {
            for (WatchKey signalled = service.poll(timeoutMillis,
                TimeUnit.MILLISECONDS); signalled != null; signalled = service.poll()) {
                for (WatchEvent<?> event : signalled.pollEvents()) {
                    names.add(String.valueOf(event.context()));
                }
                signalled.reset();
            }
        } catch (ClosedWatchServiceException e) {
            Thread.currentThread().interrupt();
        }
        return names;
    }

    @Override
    public void close() throws IOException {
        service.close();
    }

    private void cancel() {
        if (key != null) {
            key.cancel();
            key = null;
        }
        watched = null;
    }
}
