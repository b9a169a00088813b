package io.weft.controlplane.api.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;

/**
 * A problem document, RFC 9457; its type is {@code about:blank}, so the title is that of the status.
 *
 * @param detail what is wrong with this request, and what to do; empty if the title says all
 * @param errors the parts of the request that are wrong; empty if it is not a part
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Problem(int status, String title, String detail, List<FieldError> errors) {
    public static final String MEDIA_TYPE = "application/problem+json";

    /**
     * What is wrong with one part of a request.
     *
     * @param field name of the parameter or header; empty for a part of the body
     * @param pointer JSON pointer (RFC 6901) to the part of the body, as a URI fragment: {@code #/comment}
     */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record FieldError(String field, String pointer, String detail) {
        /** Of a parameter or header. */
        public FieldError(String field, String detail) {
            this(field, "", detail);
        }

        /** Of a member of the body. */
        public static FieldError ofBody(String member, String detail) {
            return new FieldError("", "#/" + member.replace("~", "~0").replace("/", "~1"), detail);
        }
    }
}
