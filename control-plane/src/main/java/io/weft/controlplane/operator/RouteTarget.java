package io.weft.controlplane.operator;

import io.weft.encap.address.IpAddress;
import java.util.Locale;
import java.util.Optional;

/**
 * Where a static route leads.
 *
 * @param target a router's IPv4 address, or a node's name; empty for types that lead nowhere
 */
public record RouteTarget(Type type, String target) {
    private static final int MAX_NAME_LENGTH = 253;

    /** As in {@code ip route}, where it has them. */
    public enum Type {
        /** Through a router on the underlay. */
        VIA,
        /** Through the tunnel to another node. */
        NODE,
        /** Dropped without an answer. */
        BLACKHOLE,
        /** Answered by host unreachable. */
        UNREACHABLE,
        /** Answered by administratively prohibited. */
        PROHIBIT;

        /** Whether it leads to a target. */
        public boolean hasTarget() {
            return this == VIA || this == NODE;
        }

        public static Optional<Type> parse(String text) {
            for (Type type : values()) {
                if (type.toString().equals(text)) { return Optional.of(type); }
            }
            return Optional.empty();
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What a target of this type must be, if the text is none; empty if it is one. */
    public static Optional<String> problem(Type type, String target) {
        return switch (type) {
            case VIA -> IpAddress.parse(target).filter(ip -> ip.isIpv4() && !ip.isUnspecified()).isPresent()
                ? Optional.empty() : Optional.of("must be the router's IPv4 address");
            case NODE -> target.matches("[a-z0-9]([-a-z0-9.]*[a-z0-9])?") && target.length() <= MAX_NAME_LENGTH
                ? Optional.empty() : Optional.of("must be the name of a Node");
            default -> target.isEmpty() ? Optional.empty()
                : Optional.of("must be absent: a route of type " + type + " has no target");
        };
    }

    /** @throws IllegalArgumentException if it is not what {@link #toString} writes */
    public static RouteTarget of(String setting) {
        int space = setting.indexOf(' ');
        Type type = Type.parse(space < 0 ? setting : setting.substring(0, space))
            .orElseThrow(() -> new IllegalArgumentException("\"" + setting + "\" is no route"));
        String target = space < 0 ? "" : setting.substring(space + 1);
        problem(type, target).ifPresent(problem -> {
            throw new IllegalArgumentException("\"" + setting + "\": " + problem);
        });
        return new RouteTarget(type, target);
    }

    /** The setting of a write. */
    @Override
    public String toString() {
        return target.isEmpty() ? type.toString() : type + " " + target;
    }
}
