package io.weft.dataplane.table;

import io.weft.lb.table.PublishedMap;
import io.weft.lb.table.TableArena;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongUnaryOperator;

/**
 * A published map in which several owners may claim the same key, with the same or different values. Readers see the claim of lowest rank,
 * in whatever order the claims were made. When it is withdrawn, the next one takes its place at once.
 *
 * <p>Thread: the tables' writer. Errors: {@link io.weft.lb.table.TableFullException}, after which the map must not be used any more.
 */
final class ClaimedMap {
    private final PublishedMap published;
    private final LongUnaryOperator rank;
    /** For each key: rank to value and number of its claims. */
    private final Map<Long, SortedMap<Long, Claim>> claims = new HashMap<>();

    private record Claim(long value, int count) {
    }

    /** @param rank of a value, different for each value; the lowest wins */
    ClaimedMap(TableArena arena, long rootOffset, int expectedKeys, LongUnaryOperator rank) {
        published = new PublishedMap(arena, rootOffset, expectedKeys);
        this.rank = rank;
    }

    /** @return whether the key had no claim before */
    boolean claim(long key, long value) {
        SortedMap<Long, Claim> ofKey = claims.computeIfAbsent(key, _ -> new TreeMap<>());
        boolean isNew = ofKey.isEmpty();
        ofKey.merge(rank.applyAsLong(value), new Claim(value, 1), (old, _) -> new Claim(value, old.count + 1));
        publish(key, ofKey);
        return isNew;
    }

    /** @return whether the key has no claim any more */
    boolean release(long key, long value) {
        SortedMap<Long, Claim> ofKey = claims.get(key);
        if (ofKey == null) { return false; }
        ofKey.computeIfPresent(rank.applyAsLong(value),
            (_, old) -> old.count == 1 ? null : new Claim(value, old.count - 1));
        if (!ofKey.isEmpty()) {
            publish(key, ofKey);
            return false;
        }
        claims.remove(key);
        published.remove(key);
        return true;
    }

    private void publish(long key, SortedMap<Long, Claim> ofKey) {
        long best = ofKey.get(ofKey.firstKey()).value;
        if (published.get(key) != best) {
            published.put(key, best);
        }
    }
}
