package io.weft.controlplane.cli;

import io.weft.dataplane.config.ConfigurationException;
import io.weft.nativebindings.linux.FileErrors;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which node a command reads: this one, by its files, or the one whose REST API is named. */
final class ServerOptions {
    @Mixin private ConfigurationOptions options;

    @Option(names = "--server", paramLabel = "URL", description = "read another node through its REST API, as in https://192.0.2.11:9797") private String server;

    @Option(names = "--token-file", paramLabel = "FILE", description = "the bearer token for it: the file's first line, which may begin with the role") private Path tokenFile;

    @Option(names = "--ca", paramLabel = "FILE", description = "PEM certificates of the authorities to trust (default: those of the JDK)") private Path authorities;

    /** @throws ConfigurationException if an option is wrong */
    NodeSource source() {
        if (server == null) {
            if (tokenFile != null || authorities != null) {
                throw new ConfigurationException("--token-file and --ca: need --server");
            }
            return NodeSource.of(options.load().runDirectory());
        }
        return new ApiClient(server(), tokenFile == null ? "" : token(), authorities);
    }

    /** A token is only sent where nobody else reads it. */
    private URI server() {
        try {
            URI uri = new URI(server);
            boolean http = "http".equals(uri.getScheme()) && uri.getHost() != null
                && InetAddress.getByName(uri.getHost()).isLoopbackAddress();
            if (uri.getHost() != null && uri.getRawQuery() == null && ("https".equals(uri.getScheme()) || http)) {
                return uri;
            }
        } catch (URISyntaxException | UnknownHostException e) {
            // reported below
        }
        throw new ConfigurationException("--server " + server
            + ": must be https://HOST:PORT, or http:// with a loopback address");
    }

    private String token() {
        try {
            String[] words = Files.readString(tokenFile).strip().lines().findFirst().orElse("").split("\\s+");
            String token = words[words.length - 1];
            if (!token.isEmpty()) { return token; }
        } catch (IOException e) {
            throw new ConfigurationException("--token-file " + FileErrors.describe(e));
        }
        throw new ConfigurationException("--token-file " + tokenFile + ": is empty");
    }
}
