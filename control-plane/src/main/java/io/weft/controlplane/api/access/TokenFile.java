package io.weft.controlplane.api.access;

import io.weft.nativebindings.linux.AtomicFiles;
import io.weft.nativebindings.linux.FileErrors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Bearer tokens (RFC 6750) from a file: on each line a role and a token; {@code #} starts a comment. The first start creates it with a token
 * for each role, readable by its owner only. Several tokens may have the same role, so that one can be replaced by another.
 *
 * <p>Threads: {@link #refresh} one, {@link #role} any. While the file cannot be used, the tokens that were read last remain valid.
 */
public final class TokenFile implements Access {
    private static final String SCHEME = "bearer ";
    private static final int TOKEN_BYTES = 32;
    private static final int MIN_TOKEN_LENGTH = 16;

    /** @param digest of the token, so that a comparison takes equally long for all tokens */
    private record Entry(Role role, ByteBuffer digest) {
    }

    private final Path file;
    private String content = "";
    /** Written by the thread that refreshes, read by those that serve; an immutable list, so volatile is enough. */
    private volatile List<Entry> entries = List.of();

    public TokenFile(Path file) {
        this.file = file;
    }

    /**
     * Reads the file if it has changed, and creates it if it is missing.
     *
     * @return what is wrong with it, in one line; empty if nothing is
     */
    public Optional<String> refresh() {
        try {
            if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                create();
            }
            String now = Files.readString(file, StandardCharsets.UTF_8);
            if (!now.equals(content)) {
                entries = parse(now);
                content = now;
            }
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of("api.tokenFile: " + FileErrors.describe(e));
        } catch (IllegalArgumentException e) {
            return Optional.of("api.tokenFile: " + file + ":" + e.getMessage() + "; the former tokens stay valid");
        }
    }

    @Override
    public Optional<Role> role(Optional<String> authorization) {
        if (authorization.filter(text -> text.regionMatches(true, 0, SCHEME, 0, SCHEME.length())).isEmpty()) {
            return Optional.empty();
        }
        byte[] digest = digest(authorization.get().substring(SCHEME.length()).strip());
        Optional<Role> role = Optional.empty();
        for (Entry entry : entries) {
            if (MessageDigest.isEqual(entry.digest().array(), digest)) {
                role = role.filter(found -> found.includes(entry.role())).or(() -> Optional.of(entry.role()));
            }
        }
        return role;
    }

    private void create() throws IOException {
        String text = "# Bearer tokens of Weft's REST API: a role, then a token. Changes apply within seconds.\n"
            + "read " + random() + "\noperate " + random() + "\n";
        Files.createDirectories(file.toAbsolutePath().getParent());
        AtomicFiles.write(file, text.getBytes(StandardCharsets.UTF_8), PosixFilePermissions.fromString("rw-------"));
    }

    private static String random() {
        byte[] bytes = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** @throws IllegalArgumentException line and what is wrong, without the token */
    private static List<Entry> parse(String text) {
        List<Entry> found = new ArrayList<>();
        int number = 0;
        for (String line : text.lines().map(String::strip).toList()) {
            number++;
            if (!line.isEmpty() && !line.startsWith("#")) {
                found.add(entry(line, number));
            }
        }
        return List.copyOf(found);
    }

    private static Entry entry(String line, int number) {
        String[] words = line.split("\\s+");
        if (words.length != 2 || !words[0].matches("read|operate") || words[1].length() < MIN_TOKEN_LENGTH) {
            throw new IllegalArgumentException(number + ": must be read or operate and a token of at least "
                + MIN_TOKEN_LENGTH + " characters");
        }
        return new Entry(Role.valueOf(words[0].toUpperCase(Locale.ROOT)), ByteBuffer.wrap(digest(words[1])));
    }

    private static byte[] digest(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }
}
