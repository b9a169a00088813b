package io.weft.controlplane.api.http;

import io.weft.controlplane.api.http.Problem.FieldError;
import java.util.List;
import java.util.Map;

/** A request that is not served; it is answered by a {@link Problem}. */
public final class ProblemException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient List<FieldError> errors;
    private final transient Map<String, String> headers;
    private final int status;

    private ProblemException(int status, String detail, List<FieldError> errors, Map<String, String> headers) {
        super(detail, null, false, false);
        this.status = status;
        this.errors = errors;
        this.headers = headers;
    }

    public static ProblemException of(int status, String detail) {
        return new ProblemException(status, detail, List.of(), Map.of());
    }

    /** With a header of the answer. */
    public static ProblemException of(int status, String detail, String header, String value) {
        return new ProblemException(status, detail, List.of(), Map.of(header, value));
    }

    /** 400: parts of the request are wrong. */
    public static ProblemException wrong(List<FieldError> errors) {
        return new ProblemException(400, "", List.copyOf(errors), Map.of());
    }

    /** 400: one part of the request is wrong. */
    public static ProblemException wrong(String field, String detail) {
        return wrong(List.of(new FieldError(field, detail)));
    }

    public int status() {
        return status;
    }

    public List<FieldError> errors() {
        return errors;
    }

    public Map<String, String> headers() {
        return headers;
    }
}
