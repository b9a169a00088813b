package io.weft.controlplane.api.http;

import io.helidon.common.configurable.Resource;
import io.helidon.common.pki.Keys;
import io.weft.dataplane.config.ApiConfiguration;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPrivateKey;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/** SSL contexts from PEM files: the API's, and those of its clients. */
public final class PemFiles {
    private static final char[] NO_PASSWORD = {};

    /** A file has not what it should have; the message is one line. */
    public static final class WrongFileException extends Exception {
        private static final long serialVersionUID = 1L;

        private WrongFileException(Path file, String what, Exception cause) {
            super(file + ": " + what + (cause == null ? "" : ": " + firstLine(cause)), cause);
        }
    }

    private PemFiles() {
    }

    /** @param contents of all files that the configuration names, one character a byte */
    static SSLContext context(ApiConfiguration configuration, Map<Path, String> contents) throws WrongFileException {
        KeyManager[] own = own(configuration.certificate().orElseThrow(), configuration.key().orElseThrow(), contents);
        return context(own, configuration.clientCa(), contents);
    }

    /**
     * For a client of a server with TLS.
     *
     * @param pair the client's certificate and its key; empty for none
     * @param authorities whom to trust; empty for those of the JDK
     * @throws IOException if a file cannot be read
     */
    public static SSLContext ofClient(Optional<Pair> pair, Optional<Path> authorities)
        throws IOException, WrongFileException {
        Map<Path, String> contents = new HashMap<>();
        for (Path file : Stream.concat(pair.stream().flatMap(both -> Stream.of(both.certificate(), both.key())),
            authorities.stream()).toList()) {
            contents.put(file, Files.readString(file, StandardCharsets.ISO_8859_1));
        }
        KeyManager[] own = pair.isPresent() ? own(pair.get().certificate(), pair.get().key(), contents) : null;
        return context(own, authorities, contents);
    }

    /** The files of a certificate with those of its issuers, and of its private key. */
    public record Pair(Path certificate, Path key) {
    }

    private static SSLContext context(KeyManager[] own, Optional<Path> authorities, Map<Path, String> contents)
        throws WrongFileException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(own, trust(authorities, contents), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new WrongFileException(authorities.orElse(Path.of("TLS")), "cannot be used", e);
        }
    }

    private static KeyManager[] own(Path certificateFile, Path keyFile, Map<Path, String> contents)
        throws WrongFileException {
        List<X509Certificate> chain = certificates(certificateFile, contents);
        PrivateKey key = key(keyFile, contents);
        requirePair(chain.getFirst(), key, keyFile, certificateFile);
        try {
            KeyStore own = emptyStore();
            own.setKeyEntry("own", key, NO_PASSWORD, chain.toArray(X509Certificate[]::new));
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(own, NO_PASSWORD);
            return keys.getKeyManagers();
        } catch (GeneralSecurityException | IOException e) {
            throw new WrongFileException(certificateFile, "cannot be used", e);
        }
    }

    /** @return null, the default, without authorities of one's own */
    private static TrustManager[] trust(Optional<Path> authority, Map<Path, String> contents)
        throws WrongFileException, GeneralSecurityException, IOException {
        if (authority.isEmpty()) { return null; }
        KeyStore trusted = emptyStore();
        for (X509Certificate certificate : certificates(authority.get(), contents)) {
            trusted.setCertificateEntry("authority-" + trusted.size(), certificate);
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        return trust.getTrustManagers();
    }

    private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private static List<X509Certificate> certificates(Path file, Map<Path, String> contents)
        throws WrongFileException {
        List<X509Certificate> found;
        try {
            found = Keys.builder().pem(pem -> pem.certificates(resource(file, contents))).build().certs();
        } catch (RuntimeException e) {
            throw new WrongFileException(file, "no certificates in PEM form", e);
        }
        if (found.isEmpty()) { throw new WrongFileException(file, "it contains no certificate in PEM form", null); }
        return found;
    }

    private static PrivateKey key(Path file, Map<Path, String> contents) throws WrongFileException {
        try {
            return Keys.builder().pem(pem -> pem.key(resource(file, contents))).build().privateKey().orElseThrow();
        } catch (RuntimeException e) {
            throw new WrongFileException(file, "no private key in PEM form", e);
        }
    }

    private static Resource resource(Path file, Map<Path, String> contents) {
        byte[] bytes = contents.get(file).getBytes(StandardCharsets.ISO_8859_1);
        return Resource.create(file.toString(), new ByteArrayInputStream(bytes));
    }

    private static void requirePair(X509Certificate certificate, PrivateKey key, Path keyFile, Path certificateFile)
        throws WrongFileException {
        try {
            String algorithm = switch (key.getAlgorithm()) {
                case "EC" -> "SHA256withECDSA";
                case "EdDSA", "Ed25519", "Ed448" -> "EdDSA";
                default -> "SHA256with" + (key instanceof RSAPrivateKey ? "RSA" : key.getAlgorithm());
            };
            byte[] text = keyFile.toString().getBytes(StandardCharsets.UTF_8);
            Signature signer = Signature.getInstance(algorithm);
            signer.initSign(key);
            signer.update(text);
            Signature verifier = Signature.getInstance(algorithm);
            verifier.initVerify(certificate);
            verifier.update(text);
            if (verifier.verify(signer.sign())) { return; }
        } catch (GeneralSecurityException e) {
            throw new WrongFileException(keyFile, "not the key of " + certificateFile, e);
        }
        throw new WrongFileException(keyFile, "not the key of " + certificateFile, null);
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }
}
