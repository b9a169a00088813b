package io.weft.controlplane.api.events;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;

/**
 * The latest items of a sequence, in memory, numbered from 1. Any thread.
 *
 * @param <T> immutable
 */
public final class RecentItems<T> {
    private final int max;
    private final String run = Long.toHexString(System.currentTimeMillis());
    private final Deque<Item<T>> items = new ArrayDeque<>();
    private long lastId;

    /** One of them. */
    public record Item<T>(long id, T value) {
    }

    /** @param max how many are kept */
    public RecentItems(int max) {
        this.max = max;
    }

    /** Distinguishes the ids of this process from those of an earlier one. */
    public String run() {
        return run;
    }

    /** @param maker of the item from its id */
    public synchronized void add(LongFunction<T> maker) {
        if (items.size() == max) {
            items.removeFirst();
        }
        lastId++;
        items.addLast(new Item<>(lastId, maker.apply(lastId)));
        notifyAll();
    }

    /** Id of the newest item; 0 if there was none yet. */
    public synchronized long lastId() {
        return lastId;
    }

    /** Id of the oldest item that is still here; one more than {@link #lastId} if there is none. */
    public synchronized long firstId() {
        return lastId - items.size() + 1;
    }

    /** Those after an id, the oldest first. */
    public synchronized List<Item<T>> after(long id) {
        return items.stream().filter(item -> item.id() > id).toList();
    }

    /**
     * Waits for items.
     *
     * @return those after an id; empty if none has come in time
     */
    synchronized List<Item<T>> after(long id, long patienceMillis) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patienceMillis);
        while (lastId <= id) {
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (left <= 0) { return List.of(); }
            wait(left);
        }
        return after(id);
    }
}
