package io.weft.controlplane.source.kubernetes;

import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.weft.controlplane.kubernetes.ApiConnection;
import io.weft.controlplane.source.kubernetes.ApiException.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The answer to a GET request, as a stream that ends with {@link SocketTimeoutException} when nothing arrives for a time. The client's own
 * streams would wait for ever on a connection whose other end is gone. One reader.
 */
final class ResponseBody extends InputStream {
    private static final Duration ANSWER = Duration.ofSeconds(30);

    /** A piece of the body, or its end with the failure that ended it, if any. */
    private record Piece(List<ByteBuffer> bytes, boolean isEnd, Throwable failure) {
    }

    private final BlockingQueue<Piece> pieces = new LinkedBlockingQueue<>();
    private final Deque<ByteBuffer> buffers = new ArrayDeque<>();
    private final Duration patience;
    private HttpResponse<AsyncBody> response;
    private Piece end;

    private ResponseBody(Duration patience) {
        this.patience = patience;
    }

    /**
     * Sends the request and waits for the head of the answer.
     *
     * @param query path and query
     * @param patience how long the body may be silent
     */
    static ResponseBody get(ApiConnection connection, String query, Duration patience)
        throws ApiException, InterruptedException {
        ResponseBody body = new ResponseBody(patience);
        HttpRequest request = connection.client().getHttpClient().newHttpRequestBuilder()
            .uri(connection.server() + query).header("Accept", "application/json").build();
        CompletableFuture<HttpResponse<AsyncBody>> answer = connection.client().getHttpClient()
            .consumeBytes(request, (bytes, _) -> body.pieces.add(new Piece(bytes, false, null)));
        try {
            body.begin(answer.get(ANSWER.toMillis(), TimeUnit.MILLISECONDS));
            return body;
        } catch (ExecutionException e) {
            throw ApiErrors.of(connection, e.getCause());
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw new ApiException(Failure.SILENT,
                connection.server() + ": no answer within " + ANSWER.toSeconds() + " s");
        } catch (InterruptedException e) {
            answer.cancel(true);
            throw e;
        }
    }

    private void begin(HttpResponse<AsyncBody> answer) {
        response = answer;
        CompletableFuture<Void> _ = answer.body().done()
            .whenComplete((_, failure) -> pieces.add(new Piece(List.of(), true, failure)));
        answer.body().consume();
    }

    int code() {
        return response.code();
    }

    /** Seconds of the header {@code Retry-After}; 0 without one. */
    int retryAfterSeconds() {
        String value = response.header("Retry-After");
        return value == null ? 0 : ApiErrors.number(value);
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        while (buffers.isEmpty()) {
            if (end == null) {
                await();
            } else if (end.failure() != null) {
                throw new IOException(end.failure());
            } else {
                return -1;
            }
        }
        ByteBuffer buffer = buffers.peek();
        int count = Math.min(length, buffer.remaining());
        buffer.get(into, offset, count);
        if (!buffer.hasRemaining()) {
            buffers.remove();
        }
        return count;
    }

    private void await() throws IOException {
        try {
            Piece piece = pieces.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
            if (piece == null) { throw new SocketTimeoutException("nothing for " + patience.toSeconds() + " s"); }
            if (piece.isEnd()) {
                end = piece;
            } else {
                piece.bytes().stream().filter(ByteBuffer::hasRemaining).forEach(buffers::add);
                response.body().consume();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException();
        }
    }

    @Override
    public void close() {
        response.body().cancel();
    }
}
