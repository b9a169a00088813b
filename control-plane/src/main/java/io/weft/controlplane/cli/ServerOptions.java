package io.weft.controlplane.cli;

import io.weft.controlplane.api.http.PemFiles;
import io.weft.controlplane.view.UnavailableException;
import io.weft.dataplane.config.ConfigurationException;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.nativebindings.linux.FileErrors;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which node a command is about: this one, by its files or its socket, or the one whose REST API is named. */
final class ServerOptions {
    @Mixin private ConfigurationOptions options;

    @Option(names = "--server", paramLabel = "URL", description = "another node, through its REST API, as in https://192.0.2.11:9797") private String server;

    @Option(names = "--token-file", paramLabel = "FILE", description = "the bearer token for it: the file's first line, which may begin with the role") private Path tokenFile;

    @Option(names = "--ca", paramLabel = "FILE", description = "PEM certificates of the authorities to trust (default: those of the JDK)") private Path authorities;

    @Option(names = "--cert", paramLabel = "FILE", description = "PEM certificate to present, where the server asks for one; needs --key") private Path certificate;

    @Option(names = "--key", paramLabel = "FILE", description = "PEM private key of --cert") private Path key;

    /**
     * Where to read.
     *
     * @throws ConfigurationException if an option is wrong
     */
    NodeSource source() {
        return server == null ? NodeSource.of(local().runDirectory()) : remote();
    }

    /**
     * The API, of this node through the socket for root.
     *
     * @throws ConfigurationException if an option is wrong
     * @throws UnavailableException if there is no socket
     */
    ApiClient api() {
        return server == null ? ApiClient.of(local().api().socket()) : remote();
    }

    private NodeConfiguration local() {
        if (tokenFile != null || authorities != null || certificate != null || key != null) {
            throw new ConfigurationException("--token-file, --ca, --cert and --key: need --server");
        }
        return options.load();
    }

    private ApiClient remote() {
        if (certificate == null != (key == null)) { throw new ConfigurationException("--cert and --key: need both"); }
        Optional<PemFiles.Pair> pair = Optional.ofNullable(certificate).map(file -> new PemFiles.Pair(file, key));
        URI uri = server();
        try {
            Optional<SSLContext> tls = uri.getScheme().equals("https")
                ? Optional.of(PemFiles.ofClient(pair, Optional.ofNullable(authorities))) : Optional.empty();
            return ApiClient.of(uri, tokenFile == null ? "" : token(), tls);
        } catch (IOException e) {
            throw new ConfigurationException("--ca, --cert, --key: " + FileErrors.describe(e));
        } catch (PemFiles.WrongFileException e) {
            throw new ConfigurationException("--ca, --cert, --key: " + e.getMessage());
        }
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
