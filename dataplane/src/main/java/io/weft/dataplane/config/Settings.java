package io.weft.dataplane.config;

import io.weft.encap.address.IpPrefix;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Text values by key, each with its origin, and their conversion; errors name the origin. */
final class Settings {
    private static final int MAX_PORT = 65_535;

    private record Value(String text, String origin) {
    }

    private final Map<ConfigurationKey, Value> values = new EnumMap<>(ConfigurationKey.class);

    void put(ConfigurationKey key, String text, String origin) {
        values.put(key, new Value(text.strip(), origin));
    }

    void putVariables(Map<String, String> variables) {
        for (ConfigurationKey key : ConfigurationKey.values()) {
            String text = variables.get(key.variable());
            if (text != null) {
                put(key, text, key.variable());
            }
        }
    }

    void putFlags(Map<String, String> flags) {
        flags.forEach((name, text) -> put(
            ConfigurationKey.of(name)
                .orElseThrow(() -> new ConfigurationException("--set: " + name + ": unknown key")),
            text, "--set"));
    }

    /** Where the value comes from: file and line, variable or flag; {@code default}. */
    String origin(ConfigurationKey key) {
        Value value = values.get(key);
        return value == null ? "default" : value.origin();
    }

    /** The error for a wrong value: origin, key, what is wrong. */
    ConfigurationException wrong(ConfigurationKey key, String what) {
        return new ConfigurationException(origin(key) + ": " + key.key() + ": " + what);
    }

    String text(ConfigurationKey key) {
        Value value = values.get(key);
        return value == null ? key.defaultText() : value.text();
    }

    Optional<String> optionalText(ConfigurationKey key) {
        return Optional.of(text(key)).filter(text -> !text.isEmpty());
    }

    Optional<Path> optionalPath(ConfigurationKey key) {
        return optionalText(key).map(Path::of);
    }

    Path path(ConfigurationKey key) {
        return optionalPath(key).orElseThrow(() -> wrong(key, "must name a directory"));
    }

    int integer(ConfigurationKey key, int min, int max) {
        return integer(key, text(key), min, max);
    }

    boolean flag(ConfigurationKey key) {
        return switch (text(key)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw wrong(key, "must be true or false, not \"" + text(key) + "\"");
        };
    }

    <E extends Enum<E>> E choice(ConfigurationKey key, Class<E> type) {
        List<String> names = new ArrayList<>();
        for (E candidate : type.getEnumConstants()) {
            if (candidate.toString().equals(text(key))) { return candidate; }
            names.add(candidate.toString());
        }
        throw wrong(key, "must be one of " + String.join(", ", names) + ", not \"" + text(key) + "\"");
    }

    Optional<IpPrefix> optionalPrefix(ConfigurationKey key) {
        return optionalText(key).isEmpty() ? Optional.empty() : Optional.of(prefix(key));
    }

    IpPrefix prefix(ConfigurationKey key) {
        return IpPrefix.parse(text(key))
            .filter(prefix -> prefix.isIpv4() && prefix.toString().equals(text(key)))
            .orElseThrow(() -> wrong(key, "must be an IPv4 prefix such as 10.244.0.0/16, not \"" + text(key) + "\""));
    }

    /** Whether the value was set explicitly, so that it is not the default. */
    boolean isSet(ConfigurationKey key) {
        return values.containsKey(key);
    }

    PortRange portRange(ConfigurationKey key) {
        return portRange(key, text(key), "FIRST-LAST");
    }

    PortRanges portRanges(ConfigurationKey key) {
        BitSet ports = new BitSet();
        for (String part : text(key).split(",", -1)) {
            PortRange range = portRange(key, part.strip(), "FIRST-LAST, or several separated by commas");
            int again = ports.nextSetBit(range.first());
            if (again >= 0 && again <= range.last()) { throw wrong(key, "names port " + again + " twice"); }
            ports.set(range.first(), range.last() + 1);
        }
        return PortRanges.of(ports);
    }

    private PortRange portRange(ConfigurationKey key, String text, String form) {
        String[] ends = text.split("-", -1);
        if (ends.length != 2) { throw wrong(key, "must be " + form + ", not \"" + text + "\""); }
        PortRange range = new PortRange(
            integer(key, ends[0].strip(), 1, MAX_PORT), integer(key, ends[1].strip(), 1, MAX_PORT));
        if (range.first() > range.last()) { throw wrong(key, "the first port is above the last in \"" + text + "\""); }
        return range;
    }

    List<Integer> integers(ConfigurationKey key, int min, int max) {
        List<Integer> integers = new ArrayList<>();
        for (String part : optionalText(key).map(text -> text.split(",", -1)).orElse(new String[0])) {
            integers.add(integer(key, part.strip(), min, max));
        }
        return List.copyOf(integers);
    }

    /** URLs of API servers. */
    List<URI> servers(ConfigurationKey key) {
        List<URI> servers = new ArrayList<>();
        for (String part : optionalText(key).map(text -> text.split(",", -1)).orElse(new String[0])) {
            servers.add(server(key, part.strip()));
        }
        return List.copyOf(servers);
    }

    private URI server(ConfigurationKey key, String text) {
        try {
            URI server = new URI(text);
            boolean isHttp = "https".equals(server.getScheme()) || "http".equals(server.getScheme());
            boolean isServer = isHttp && server.getHost() != null && server.getPath().isEmpty()
                && server.getQuery() == null && server.getUserInfo() == null;
            if (isServer) { return server; }
        } catch (URISyntaxException e) {
            // reported below
        }
        throw wrong(key, "must be URLs such as https://192.0.2.10:6443, separated by commas, not \"" + text + "\"");
    }

    private int integer(ConfigurationKey key, String text, int min, int max) {
        if (!text.matches("-?[0-9]{1,10}") || Long.parseLong(text) < min || Long.parseLong(text) > max) {
            throw wrong(key, "must be a number from " + min + " to " + max + ", not \"" + text + "\"");
        }
        return Integer.parseInt(text);
    }
}
