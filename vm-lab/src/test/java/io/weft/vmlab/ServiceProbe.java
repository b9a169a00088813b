package io.weft.vmlab;

import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Asks a Service from one network namespace which backend answers, and from which address the backend sees the request come. The backends are
 * {@code agnhost netexec}, with HTTP for TCP and its own commands for UDP.
 */
final class ServiceProbe implements AutoCloseable {
    private static final int CONNECT_MILLIS = 700;
    private static final int ANSWER_MILLIS = 3000;
    private static final int MAX_DATAGRAM = 512;
    static final String REFUSED = "refused";
    static final String SILENCE = "silence";
    private static final Pattern BACKEND = Pattern.compile("backend-[a-z0-9]+");
    private static final Pattern SOURCE = Pattern.compile("(\\d+\\.\\d+\\.\\d+\\.\\d+):\\d+");
    private static final byte[] REQUESTS = """
        GET /hostname HTTP/1.1\r
        Host: probe\r
        \r
        GET /clientip HTTP/1.1\r
        Host: probe\r
        Connection: close\r
        \r
        """.getBytes(StandardCharsets.US_ASCII);

    private final NamespaceThread place;
    private final boolean owned;
    private final Set<String> addresses;

    /** What became of one connection: a backend and a source, or how it failed. */
    record Answer(String backend, String source, String failure) {
        static Answer failed(String how) {
            return new Answer("", "", how);
        }
    }

    /** @param owned whether {@link #close} ends the thread */
    ServiceProbe(NamespaceThread place, boolean owned) throws Exception {
        this.place = place;
        this.owned = owned;
        addresses = place.call(ServiceProbe::addressesHere);
    }

    private static Set<String> addressesHere() throws SocketException {
        Set<String> all = new HashSet<>();
        for (NetworkInterface device : Collections.list(NetworkInterface.getNetworkInterfaces())) {
            device.getInterfaceAddresses().forEach(address -> all.add(address.getAddress().getHostAddress()));
        }
        return all;
    }

    /** The addresses of the namespace. */
    Set<String> addresses() {
        return addresses;
    }

    Answer ask(boolean udp, InetSocketAddress target) throws Exception {
        try {
            return place.call(() -> udp ? askUdp(target) : askTcp(target));
        } catch (PortUnreachableException e) {
            return Answer.failed(REFUSED);
        } catch (SocketTimeoutException e) {
            return Answer.failed(SILENCE);
        } catch (NoRouteToHostException e) {
            return Answer.failed("no route");
        } catch (ConnectException e) {
            return Answer.failed(REFUSED);
        } catch (IOException e) {
            return Answer.failed(String.valueOf(e.getMessage()).contains(REFUSED) ? REFUSED : e.getMessage());
        }
    }

    private static Answer askTcp(InetSocketAddress target) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(target, CONNECT_MILLIS);
            socket.setSoTimeout(ANSWER_MILLIS);
            socket.getOutputStream().write(REQUESTS);
            return answer(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
        }
    }

    private static Answer askUdp(InetSocketAddress target) throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(target);
            socket.setSoTimeout(CONNECT_MILLIS);
            return answer(exchange(socket, "hostname") + " " + exchange(socket, "clientip"));
        }
    }

    private static String exchange(DatagramSocket socket, String command) throws IOException {
        byte[] bytes = command.getBytes(StandardCharsets.US_ASCII);
        socket.send(new DatagramPacket(bytes, bytes.length));
        DatagramPacket reply = new DatagramPacket(new byte[MAX_DATAGRAM], MAX_DATAGRAM);
        socket.receive(reply);
        return new String(reply.getData(), 0, reply.getLength(), StandardCharsets.US_ASCII);
    }

    private static Answer answer(String text) throws IOException {
        Matcher backend = BACKEND.matcher(text);
        Matcher source = SOURCE.matcher(text);
        if (!backend.find() || !source.find()) { throw new IOException("unexpected answer: " + text.strip()); }
        return new Answer(backend.group(), InetAddress.getByName(source.group(1)).getHostAddress(), "");
    }

    @Override
    public void close() {
        if (owned) {
            place.close();
        }
    }
}
