package io.weft.controlplane.api.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a resource answers. Immutable: nobody changes the bytes. */
public final class Answer {
    public static final String JSON_TYPE = "application/json";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int OK = 200;
    private static final int TAG_BYTES = 16;

    private final int status;
    private final String mediaType;
    private final byte[] body;
    private final Map<String, String> headers;
    private final boolean tagged;

    private Answer(int status, String mediaType, byte[] body, Map<String, String> headers, boolean tagged) {
        this.status = status;
        this.mediaType = mediaType;
        this.body = body;
        this.headers = headers;
        this.tagged = tagged;
    }

    /** 200 with a JSON document. */
    public static Answer json(Object value) {
        return json(OK, value);
    }

    public static Answer json(int status, Object value) {
        return new Answer(status, JSON_TYPE, bytes(value), Map.of(), status == OK);
    }

    /** 200 with bytes of another type. */
    public static Answer of(String mediaType, byte[] body) {
        return new Answer(OK, mediaType, body, Map.of(), true);
    }

    public Answer with(String header, String value) {
        Map<String, String> all = new LinkedHashMap<>(headers);
        all.put(header, value);
        return new Answer(status, mediaType, body, all, tagged);
    }

    /** The same without an entity tag: it is never the same twice. */
    public Answer untagged() {
        return new Answer(status, mediaType, body, headers, false);
    }

    boolean isTagged() { return tagged; }

    int status() {
        return status;
    }

    String mediaType() {
        return mediaType;
    }

    byte[] body() {
        return body;
    }

    Map<String, String> headers() {
        return headers;
    }

    static byte[] bytes(Object value) {
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** With its own entity tag instead of that of the body. */
    public Answer tagged(String entityTag) {
        return untagged().with("ETag", entityTag);
    }

    /** A strong entity tag (RFC 9110 section 8.8.3): equal for equal bodies only. */
    public String entityTag() {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(body);
            return "\"" + HexFormat.of().formatHex(digest, 0, TAG_BYTES) + "\"";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }
}
