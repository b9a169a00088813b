package io.weft.controlplane.source.kubernetes;

import io.weft.controlplane.model.Kind;
import java.time.Instant;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Which kinds cannot be followed at present, since when and why. Any thread. */
final class SourceHealth {

    /** @param reason one line */
    record Fault(Instant since, String reason) {
    }

    private final Map<Kind, Fault> faults = new EnumMap<>(Kind.class);

    synchronized void failed(Kind kind, String reason) {
        Fault before = faults.get(kind);
        faults.put(kind, new Fault(before == null ? Instant.now() : before.since(), reason));
    }

    synchronized void well(Kind kind) {
        faults.remove(kind);
    }

    /** All faults as one: the earliest time, each reason once. */
    synchronized Optional<Fault> fault() {
        return faults.values().stream().map(Fault::since).min(Comparator.naturalOrder())
            .map(since -> new Fault(since,
                faults.values().stream().map(Fault::reason).distinct().collect(Collectors.joining("; "))));
    }
}
