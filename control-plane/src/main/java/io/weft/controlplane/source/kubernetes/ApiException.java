package io.weft.controlplane.source.kubernetes;

import java.time.Duration;

/** A request to the API failed; the message is one line for the operator. */
final class ApiException extends Exception {
    private static final long serialVersionUID = 1L;

    /** What the failure says about the server. */
    enum Failure {
        /** No answer: nothing listens, the network is down, or TLS failed. */
        NO_ANSWER,
        /** The connection broke in the middle of the answer. */
        CUT,
        /** It accepted the request and then fell silent. */
        SILENT,
        /** It cannot do its work: 5xx, or an answer that is none. */
        BROKEN,
        /** It refuses this request: 401, 403, 429 and others. */
        REFUSED,
        /** It does not have this optional resource: 404. */
        NOT_SERVED,
        /** The server cannot continue from the resource version: everything must be listed again. */
        EXPIRED
    }

    private final Failure failure;
    private final transient Duration retryAfter;

    ApiException(Failure failure, String message, Duration retryAfter) {
        super(message, null, false, false);
        this.failure = failure;
        this.retryAfter = retryAfter;
    }

    ApiException(Failure failure, String message) {
        this(failure, message, Duration.ZERO);
    }

    Failure failure() {
        return failure;
    }

    /** How long the server wants to be left alone. */
    Duration retryAfter() {
        return retryAfter;
    }
}
