package io.weft.controlplane.api.http;

import io.weft.dataplane.config.ApiConfiguration;
import io.weft.nativebindings.linux.FileErrors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;

/**
 * TLS from the files {@code api.tls.*}, read again when their contents change; new connections use the new ones. While they cannot be used, the
 * former stay in force.
 *
 * <p>Threads: {@link #refresh} one.
 */
public final class ReloadableTls {
    private final ApiConfiguration configuration;
    private final SwitchedSslContext.Switch contexts;
    private final SSLContext context;
    private Map<Path, String> contents = Map.of();

    /** @param configuration with certificate and key */
    public ReloadableTls(ApiConfiguration configuration) {
        this.configuration = configuration;
        contexts = new SwitchedSslContext.Switch(configuration.clientCa().isPresent());
        context = new SwitchedSslContext(contexts);
    }

    /** That uses the latest files. Use it after {@link #refresh} has succeeded once. */
    public SSLContext context() {
        return context;
    }

    public boolean isUsable() { return contexts.isSet(); }

    /** @return what is wrong with the files, in one line; empty if nothing is */
    public Optional<String> refresh() {
        try {
            Map<Path, String> now = read();
            if (!now.equals(contents)) {
                contexts.set(PemFiles.context(configuration, now));
                contents = now;
            }
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of("api.tls: " + FileErrors.describe(e) + remains());
        } catch (PemFiles.WrongFileException e) {
            return Optional.of("api.tls: " + e.getMessage() + remains());
        }
    }

    private String remains() {
        return contexts.isSet() ? "; the former certificate stays in use" : "";
    }

    private Map<Path, String> read() throws IOException {
        Map<Path, String> all = new HashMap<>();
        for (Path file : Stream.of(configuration.certificate(), configuration.key(), configuration.clientCa())
            .flatMap(Optional::stream).toList()) {
            all.put(file, Files.readString(file, StandardCharsets.ISO_8859_1));
        }
        return all;
    }
}
