package io.weft.controlplane.source.kubernetes;

import io.weft.controlplane.kubernetes.ApiConnection;
import io.weft.controlplane.source.JsonTree;
import io.weft.controlplane.source.kubernetes.ApiException.Failure;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLException;

/** Says in an operator's words why a request failed. */
public final class ApiErrors {
    private static final int BAD_REQUEST = 400;
    private static final int NOT_FOUND = 404;
    private static final int GONE = 410;
    private static final int SERVER_ERRORS = 500;
    private static final Duration MAX_RETRY_AFTER = Duration.ofMinutes(2);
    private static final String TOO_LARGE = "Too large resource version";
    private static final String ALERT = "Received fatal alert: ";

    private ApiErrors() {
    }

    /** Without an answer. */
    static ApiException of(ApiConnection connection, Throwable failure) {
        return new ApiException(Failure.NO_ANSWER, connection.server() + ": " + reason(failure));
    }

    /**
     * An answer that is an error.
     *
     * @param status the body, a {@code Status} object; or an empty one
     * @param retryAfterSeconds header {@code Retry-After}; 0 without one
     */
    static ApiException of(int code, JsonTree status, int retryAfterSeconds, String verb, Resource resource) {
        int seconds = Math.max(retryAfterSeconds, number(status.textAt("details", "retryAfterSeconds")));
        Duration retryAfter = Duration.ofSeconds(Math.clamp(seconds, 0, MAX_RETRY_AFTER.toSeconds()));
        String message = firstLine(status.textAt("message"));
        return new ApiException(failure(code, message, resource),
            title(code, verb, resource) + (message.isEmpty() ? "" : ": " + message),
            retryAfter);
    }

    /** @return 0 for anything but a small whole number */
    static int number(String text) {
        return text.matches("[0-9]{1,6}") ? Integer.parseInt(text) : 0;
    }

    /** A version that the server has not reached yet, as after a restored backup, is of no more use than one that it has forgotten. */
    private static Failure failure(int code, String message, Resource resource) {
        if (code == NOT_FOUND && resource.optional()) { return Failure.NOT_SERVED; }
        if (code == GONE || code == BAD_REQUEST || message.contains(TOO_LARGE)) { return Failure.EXPIRED; }
        return code >= SERVER_ERRORS ? Failure.BROKEN : Failure.REFUSED;
    }

    private static String title(int code, String verb, Resource resource) {
        String request = verb + " " + resource.name();
        return switch (code) {
            case 401 -> "Unauthorized: the API server does not accept the credentials";
            case 403 -> "Forbidden: the verb " + verb + " on the resource " + resource.name() + " is not granted";
            case 429 -> request + ": 429 Too Many Requests";
            case 500 -> request + ": 500 Internal Server Error";
            case 503 -> request + ": 503 Service Unavailable";
            default -> request + ": status " + code;
        };
    }

    /** The innermost cause that has words of its own, otherwise the innermost message. */
    public static String reason(Throwable failure) {
        List<Throwable> causes = new ArrayList<>();
        for (Throwable cause = failure; cause != null && !causes.contains(cause); cause = cause.getCause()) {
            causes.addFirst(cause);
        }
        String message = firstLine(causes.getFirst().getMessage());
        return causes.stream().map(ApiErrors::known).filter(reason -> !reason.isEmpty()).findFirst()
            .orElse(message.isEmpty() ? causes.getFirst().getClass().getSimpleName() : message);
    }

    private static String known(Throwable cause) {
        String message = firstLine(cause.getMessage());
        return switch (cause) {
            case UnresolvedAddressException _ -> "its name cannot be resolved";
            case UnknownHostException _ -> "its name cannot be resolved";
            case NoRouteToHostException _ -> "no route to host";
            case ConnectException _ when message.contains("timed out") -> "no answer to the attempt to connect";
            case ConnectException _ -> message.isEmpty() ? "connection refused" : message.toLowerCase(Locale.ROOT);
            case CertificateExpiredException _ -> "its certificate has expired: " + message;
            case CertPathBuilderException _ -> "its certificate is signed by an unknown authority";
            case CertificateException _ -> "its certificate is not valid: " + message;
            case SSLException _ when message.contains(ALERT) ->
                "it refuses the client certificate: " + message.substring(message.indexOf(ALERT) + ALERT.length());
            default -> "";
        };
    }

    static String firstLine(String text) {
        return text == null ? "" : text.lines().findFirst().orElse("");
    }
}
