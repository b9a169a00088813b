package io.weft.controlplane.operator;

import io.weft.controlplane.model.Kind;
import io.weft.controlplane.model.ObjectKey;
import io.weft.dataplane.log.LogLevel;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/** All writes that are in force, and what they mean. Immutable; any thread. */
public final class OperatorState {
    /** The subject of the write that sets the log level. */
    public static final String LOG_LEVEL = "log-level";
    /** Maximum number of writes: each is looked at when the cluster changes, and shown by {@code weft status}. */
    public static final int MAX_WRITES = 1024;
    public static final OperatorState NOTHING = new OperatorState(List.of());

    private record Key(WriteKind kind, String subject) implements Comparable<Key> {
        private static final Comparator<Key> ORDER = Comparator.comparing(Key::kind).thenComparing(Key::subject);

        @Override
        public int compareTo(Key other) {
            return ORDER.compare(this, other);
        }
    }

    private final NavigableMap<Key, OperatorWrite> writes = new TreeMap<>();
    private final NavigableSet<DrainTarget> drains = new TreeSet<>();
    private final NavigableSet<ObjectKey> pauses = new TreeSet<>();
    private final Map<IpPrefix, RouteTarget> routes = new LinkedHashMap<>();
    private LogLevel logLevel = LogLevel.INFO;

    /** @throws IllegalArgumentException if a subject or setting is wrong, or if there are too many or two of one subject */
    public OperatorState(Collection<OperatorWrite> all) {
        if (all.size() > MAX_WRITES) {
            throw new IllegalArgumentException(all.size() + " writes; at most " + MAX_WRITES + " are kept");
        }
        for (OperatorWrite write : all) {
            if (writes.put(new Key(write.kind(), write.subject()), write) != null) {
                throw new IllegalArgumentException("two writes for " + write.title());
            }
        }
        writes.values().forEach(this::interpret);
    }

    private void interpret(OperatorWrite write) {
        switch (write.kind()) {
            case DRAIN -> drains.add(DrainTarget.parse(write.subject()).orElseThrow(() -> wrong(write)));
            case PAUSE -> pauses.add(service(write.subject()).orElseThrow(() -> wrong(write)));
            case ROUTE -> routes.put(IpPrefix.parse(write.subject()).filter(IpPrefix::isIpv4)
                .orElseThrow(() -> wrong(write)), RouteTarget.of(write.setting()));
            case LOG_LEVEL -> logLevel = LogLevel.parse(write.setting()).orElseThrow(() -> wrong(write));
        }
    }

    private static IllegalArgumentException wrong(OperatorWrite write) {
        return new IllegalArgumentException("wrong write: " + write.title());
    }

    /** The Service that the subject of a pause names. */
    public static Optional<ObjectKey> service(String subject) {
        String[] parts = subject.split("/", -1);
        return parts.length == 2 && !parts[0].isEmpty() && !parts[1].isEmpty()
            ? Optional.of(new ObjectKey(Kind.SERVICE, parts[0], parts[1]))
            : Optional.empty();
    }

    /** By kind, then by subject. */
    public List<OperatorWrite> all() {
        return List.copyOf(writes.values());
    }

    public Optional<OperatorWrite> find(WriteKind kind, String subject) {
        return Optional.ofNullable(writes.get(new Key(kind, subject)));
    }

    /** The same with one write more, in place of the one about the same subject. */
    public OperatorState with(OperatorWrite write) {
        NavigableMap<Key, OperatorWrite> now = new TreeMap<>(writes);
        now.put(new Key(write.kind(), write.subject()), write);
        return new OperatorState(now.values());
    }

    public OperatorState without(WriteKind kind, String subject) {
        NavigableMap<Key, OperatorWrite> now = new TreeMap<>(writes);
        now.remove(new Key(kind, subject));
        return new OperatorState(now.values());
    }

    public NavigableSet<DrainTarget> drains() {
        return Collections.unmodifiableNavigableSet(drains);
    }

    /** The drains of an endpoint; empty if it is not drained. */
    public List<DrainTarget> drainsOf(IpAddress address, int port) {
        if (drains.isEmpty()) { return List.of(); }
        return List.of(new DrainTarget(address, DrainTarget.ALL_PORTS), new DrainTarget(address, port)).stream()
            .filter(drains::contains).toList();
    }

    public NavigableSet<ObjectKey> pauses() {
        return Collections.unmodifiableNavigableSet(pauses);
    }

    public boolean isPaused(ObjectKey service) {
        return pauses.contains(service);
    }

    public Map<IpPrefix, RouteTarget> routes() {
        return Collections.unmodifiableMap(routes);
    }

    public LogLevel logLevel() {
        return logLevel;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof OperatorState state && writes.equals(state.writes);
    }

    @Override
    public int hashCode() {
        return writes.hashCode();
    }

    @Override
    public String toString() {
        return writes.values().toString();
    }
}
