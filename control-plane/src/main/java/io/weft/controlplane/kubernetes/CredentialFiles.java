package io.weft.controlplane.kubernetes;

import io.weft.dataplane.config.ConfigurationException;
import io.weft.nativebindings.linux.FileErrors;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files with credentials and their contents at one time. Contents are compared, not times of change, because projected volumes and the
 * kubelet's certificates change by switching a symbolic link. Immutable.
 */
final class CredentialFiles {
    private static final Logger LOG = LoggerFactory.getLogger(CredentialFiles.class);

    private final Map<Path, String> contents;

    private CredentialFiles(Map<Path, String> contents) {
        this.contents = contents;
    }

    /** @throws ConfigurationException if one of them cannot be read */
    static CredentialFiles read(Collection<Path> files) {
        Map<Path, String> contents = new HashMap<>();
        for (Path file : files) {
            try {
                contents.put(file, content(file));
            } catch (IOException e) {
                throw new ConfigurationException(FileErrors.describe(e));
            }
        }
        return new CredentialFiles(contents);
    }

    /** Whether each file still has the same content. */
    boolean areCurrent() {
        return contents.entrySet().stream().allMatch(entry -> {
            try {
                return content(entry.getKey()).equals(entry.getValue());
            } catch (IOException e) {
                return false;
            }
        });
    }

    /** The content without white space around it, as a token is read. */
    String token(Path file) {
        String token = contents.get(file).strip();
        if (token.isEmpty()) { throw new ConfigurationException(file + ": it contains no token"); }
        return token;
    }

    /** The client would silently trust nobody, or show nothing, if the file had no certificate. */
    void requireCertificate(Path file) {
        byte[] bytes = contents.get(file).getBytes(StandardCharsets.ISO_8859_1);
        try {
            if (!CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(bytes))
                .isEmpty()) {
                return;
            }
        } catch (CertificateException e) {
            LOG.debug("{}", file, e);
        }
        throw new ConfigurationException(file + ": it contains no certificate in PEM form, or a damaged one");
    }

    /** Any bytes, one character each. */
    private static String content(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.ISO_8859_1);
    }
}
