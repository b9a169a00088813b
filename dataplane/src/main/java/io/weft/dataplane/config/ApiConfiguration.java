package io.weft.dataplane.config;

import static io.weft.dataplane.config.ConfigurationKey.*;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How the REST API is reached: the keys {@code api.*}. Immutable.
 *
 * @param listen empty: only on {@code socket}
 * @param socket Unix socket for root, always open
 * @param tokenFile a role and a token per line
 * @param certificate PEM, with {@code key}; without it {@code listen} is a loopback address
 * @param clientCa PEM; clients must then present a certificate of this authority
 */
public record ApiConfiguration(
    Optional<InetSocketAddress> listen, Path socket, Path tokenFile, Optional<Path> certificate, Optional<Path> key,
    Optional<Path> clientCa) {
    private static final int MAX_PORT = 65_535;

    static ApiConfiguration of(Settings settings, Path runDirectory, Path stateDirectory) {
        ApiConfiguration configuration = new ApiConfiguration(
            settings.optionalText(API_LISTEN).map(text -> address(settings, text)),
            runDirectory.resolve("api.sock"),
            settings.optionalPath(API_TOKEN_FILE).orElse(stateDirectory.resolve("api-tokens")),
            settings.optionalPath(API_TLS_CERTIFICATE),
            settings.optionalPath(API_TLS_KEY),
            settings.optionalPath(API_TLS_CLIENT_CA));
        configuration.check(settings);
        return configuration;
    }

    private void check(Settings settings) {
        if (certificate.isPresent() && key.isEmpty()) {
            throw settings.wrong(API_TLS_KEY, "must be set too, because api.tls.certificate is");
        }
        if (certificate.isEmpty() && key.isPresent()) {
            throw settings.wrong(API_TLS_CERTIFICATE, "must be set too, because api.tls.key is");
        }
        if (certificate.isEmpty() && clientCa.isPresent()) {
            throw settings.wrong(API_TLS_CLIENT_CA, "needs api.tls.certificate and api.tls.key");
        }
        if (certificate.isEmpty() && listen.filter(address -> !address.getAddress().isLoopbackAddress()).isPresent()) {
            throw settings.wrong(API_LISTEN, settings.text(API_LISTEN) + " is not a loopback address, so tokens could"
                + " be read on the network: set api.tls.certificate and api.tls.key");
        }
    }

    /** Never a name: no resolver is asked. */
    private static InetSocketAddress address(Settings settings, String text) {
        int colon = text.lastIndexOf(':');
        if (colon > 0 && text.substring(colon + 1).matches("[0-9]{1,5}")) {
            int port = Integer.parseInt(text.substring(colon + 1));
            try {
                InetAddress address = InetAddress.ofLiteral(text.substring(0, colon).replaceAll("^\\[(.*)]$", "$1"));
                if (port <= MAX_PORT) { return new InetSocketAddress(address, port); }
            } catch (IllegalArgumentException e) {
                // reported below
            }
        }
        throw settings.wrong(API_LISTEN,
            "must be an address and a port such as 127.0.0.1:9797 or [::1]:9797, not \"" + text + "\"");
    }
}
