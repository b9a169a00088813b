package io.weft.controlplane.api.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.security.KeyManagementException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;

/**
 * An SSL context that passes everything on to another, which can be exchanged. Its server sockets also demand client certificates, which
 * Helidon leaves out for sockets without NIO, and limit the time of a handshake.
 */
final class SwitchedSslContext extends SSLContext {
    private static final Duration HANDSHAKE_LIMIT = Duration.ofSeconds(10);
    private static final String PROTOCOL = "TLS";

    SwitchedSslContext(Switch contexts) {
        super(contexts, null, PROTOCOL);
    }

    /** The part that knows which context is in use. Any thread. */
    static final class Switch extends SSLContextSpi {
        private final boolean clientCertificates;
        private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("api-tls").daemon().factory());
        /** Written by the thread that reads the files, read by those that accept; contexts are safe to share, so volatile is enough. */
        private volatile SSLContext current;

        /** @param clientCertificates whether each client must present one */
        Switch(boolean clientCertificates) {
            this.clientCertificates = clientCertificates;
        }

        void set(SSLContext context) {
            current = context;
        }

        boolean isSet() { return current != null; }

        @Override
        protected void engineInit(KeyManager[] keys, TrustManager[] trust, SecureRandom random)
            throws KeyManagementException {
            throw new KeyManagementException("initialized from files");
        }

        @Override
        protected SSLSocketFactory engineGetSocketFactory() {
            return new ServerSockets(current.getSocketFactory());
        }

        @Override
        protected SSLServerSocketFactory engineGetServerSocketFactory() {
            return current.getServerSocketFactory();
        }

        @Override
        protected SSLEngine engineCreateSSLEngine() {
            return current.createSSLEngine();
        }

        @Override
        protected SSLEngine engineCreateSSLEngine(String host, int port) {
            return current.createSSLEngine(host, port);
        }

        @Override
        protected SSLSessionContext engineGetServerSessionContext() {
            return current.getServerSessionContext();
        }

        @Override
        protected SSLSessionContext engineGetClientSessionContext() {
            return current.getClientSessionContext();
        }

        private SSLSocket prepare(SSLSocket socket, Socket accepted) {
            socket.setNeedClientAuth(clientCertificates);
            ScheduledFuture<?> cut = timer.schedule(() -> close(accepted), HANDSHAKE_LIMIT.toMillis(),
                TimeUnit.MILLISECONDS);
            socket.addHandshakeCompletedListener(_ -> cut.cancel(false));
            return socket;
        }

        private static void close(Socket socket) {
            Thread.ofVirtual().start(() -> { // not the TLS socket, whose close waits for the handshake
                try {
                    socket.close();
                } catch (IOException e) {
                    // it is closed
                }
            });
        }

        /** Makes sockets of accepted connections; Helidon uses nothing else. */
        private final class ServerSockets extends SSLSocketFactory {
            private final SSLSocketFactory factory;

            private ServerSockets(SSLSocketFactory factory) {
                this.factory = factory;
            }

            @Override
            public Socket createSocket(Socket accepted, InputStream consumed, boolean autoClose) throws IOException {
                return prepare((SSLSocket) factory.createSocket(accepted, consumed, autoClose), accepted);
            }

            @Override
            public String[] getDefaultCipherSuites() { return factory.getDefaultCipherSuites(); }

            @Override
            public String[] getSupportedCipherSuites() { return factory.getSupportedCipherSuites(); }

            @Override
            public Socket createSocket(Socket socket, String host, int port, boolean autoClose) {
                throw new UnsupportedOperationException();
            }

            @Override
            public Socket createSocket(String host, int port) {
                throw new UnsupportedOperationException();
            }

            @Override
            public Socket createSocket(String host, int port, InetAddress local, int localPort) {
                throw new UnsupportedOperationException();
            }

            @Override
            public Socket createSocket(InetAddress host, int port) {
                throw new UnsupportedOperationException();
            }

            @Override
            public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) {
                throw new UnsupportedOperationException();
            }
        }
    }
}
