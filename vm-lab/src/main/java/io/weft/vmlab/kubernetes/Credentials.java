package io.weft.vmlab.kubernetes;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.spec.ECGenParameterSpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** The bearer tokens of a cluster's components and its administrator, the kubeconfigs with them, and the key of service accounts. */
final class Credentials {
    private static final int TOKEN_BITS = 128;
    private static final int LINE_LENGTH = 64;
    private final SecureRandom random = new SecureRandom();
    private final List<String> tokenLines = new ArrayList<>();
    private final Path directory;
    private final String server;

    /** @param server URL of the API server, whose certificate will be {@link #certificate} */
    Credentials(Path directory, String server) throws IOException {
        this.directory = Files.createDirectories(directory);
        this.server = server;
        writeServiceAccountKeys();
    }

    /** Where the API server puts its certificate, which is its own authority. */
    Path certificateDirectory() {
        return directory;
    }

    Path certificate() {
        return directory.resolve("apiserver.crt");
    }

    Path tokens() {
        return directory.resolve("tokens.csv");
    }

    /** Signs the tokens of service accounts. */
    Path serviceAccountKey() {
        return directory.resolve("service-account.key");
    }

    /** Checks the tokens of service accounts. */
    Path serviceAccountPublicKey() {
        return directory.resolve("service-account.pub");
    }

    private void writeServiceAccountKeys() throws IOException {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            KeyPair pair = generator.generateKeyPair();
            Files.writeString(serviceAccountKey(), pem("PRIVATE KEY", pair.getPrivate()));
            Files.writeString(serviceAccountPublicKey(), pem("PUBLIC KEY", pair.getPublic()));
        } catch (GeneralSecurityException e) {
            throw new AssertionError("every Java has elliptic curves", e);
        }
    }

    private static String pem(String label, Key key) {
        return "-----BEGIN " + label + "-----\n"
            + Base64.getMimeEncoder(LINE_LENGTH, "\n".getBytes(StandardCharsets.US_ASCII))
                .encodeToString(key.getEncoded())
            + "\n-----END " + label + "-----\n";
    }

    /**
     * Writes the kubeconfig of a new user. The API server reads {@link #tokens} only when it starts.
     *
     * @param groups as in {@code system:masters}
     */
    Path user(String name, String... groups) throws IOException {
        String token = new BigInteger(TOKEN_BITS, random).toString(Character.MAX_RADIX);
        tokenLines.add(token + "," + name + "," + name + ",\"" + String.join(",", groups) + "\"");
        Files.write(tokens(), tokenLines);
        return kubeconfig(name.substring(name.lastIndexOf(':') + 1), token);
    }

    /** The file that {@link #kubeconfig} writes. */
    Path kubeconfigFile(String name) {
        return directory.resolve(name + ".kubeconfig");
    }

    /** Writes {@code NAME.kubeconfig}. */
    Path kubeconfig(String name, String token) throws IOException {
        return Files.writeString(kubeconfigFile(name), """
            apiVersion: v1
            kind: Config
            clusters:
            - name: lab
              cluster:
                server: %s
                certificate-authority: %s
            users:
            - name: %s
              user:
                token: %s
            contexts:
            - name: lab
              context:
                cluster: lab
                user: %s
            current-context: lab
            """.formatted(server, certificate(), name, token, name));
    }
}
