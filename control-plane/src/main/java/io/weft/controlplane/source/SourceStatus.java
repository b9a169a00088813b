package io.weft.controlplane.source;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * @param name such as {@code manifests /etc/weft/manifests}
 * @param synced every object has been delivered once
 * @param staleSince since when the delivered objects may be out of date
 * @param staleReason why; empty if not stale
 * @param errors one line for each wrong or doubtful input, such as {@code FILE:LINE: Kind/name: field: what is wrong}
 */
public record SourceStatus(
    String name, boolean synced, Optional<Instant> staleSince, String staleReason, List<String> errors) {
}
