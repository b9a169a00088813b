package io.weft.controlplane.source.kubernetes;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.controlplane.model.Kind;
import io.weft.controlplane.source.JsonTree;
import io.weft.controlplane.source.kubernetes.ApiException.Failure;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnresolvedAddressException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;

class ApiErrorsTest {
    private static final Resource SERVICES = new Resource(Kind.SERVICE, "services", "/api/v1/services", "",
        false);

    @Test
    void failuresToConnectAreInWordsOfAnOperator() {
        Map<Throwable, String> reasons = new LinkedHashMap<>();
        reasons.put(caused(new ConnectException(), new ClosedChannelException()), "connection refused");
        reasons.put(new ConnectException("Connection refused"), "connection refused");
        reasons.put(caused(new ConnectException(), new UnresolvedAddressException()), "its name cannot be resolved");
        reasons.put(caused(new HttpConnectTimeoutException("HTTP connect timed out"),
            new ConnectException("HTTP connect timed out")), "no answer to the attempt to connect");
        reasons.put(new NoRouteToHostException("No route to host"), "no route to host");
        reasons.put(caused(new SSLHandshakeException("PKIX"), caused(new CertificateException("PKIX"),
            new CertPathBuilderException("no path"))), "its certificate is signed by an unknown authority");
        reasons.put(caused(new SSLHandshakeException("PKIX"), new CertificateExpiredException("NotAfter: yesterday")),
            "its certificate has expired: NotAfter: yesterday");
        reasons.put(caused(new SSLHandshakeException("names"), new CertificateException("No name matches")),
            "its certificate is not valid: No name matches");
        reasons.put(new SSLHandshakeException("(bad_certificate) Received fatal alert: bad_certificate"),
            "it refuses the client certificate: bad_certificate");
        reasons.put(new IOException("Connection reset\nby peer"), "Connection reset");
        reasons.put(new IOException(), "IOException");
        reasons.forEach((failure, reason) -> assertEquals(reason, ApiErrors.reason(failure)));
    }

    @Test
    void anAnswerSaysWhatToDoNext() {
        assertEquals(Failure.EXPIRED, error(410, 0).failure());
        assertEquals(Failure.BROKEN, error(503, 0).failure());
        assertEquals(Failure.REFUSED, error(429, 0).failure());
        assertEquals(Duration.ofSeconds(7), error(429, 7).retryAfter());
        assertEquals(Duration.ofMinutes(2), error(429, 86_400).retryAfter(), "a server's mistake must not stop a node");
        assertEquals("Forbidden: the verb list on the resource services is not granted", error(403, 0).getMessage());
    }

    private static ApiException error(int code, int retryAfterSeconds) {
        return ApiErrors.of(code, JsonTree.empty(), retryAfterSeconds, "list", SERVICES);
    }

    private static Throwable caused(Throwable failure, Throwable cause) {
        return failure.initCause(cause);
    }
}
