package io.weft.vmlab.api;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import jdk.net.ExtendedSocketOptions;

/**
 * Clients that take their time: they send a byte now and then, or do not read what they asked for. One thread, the caller's, looks after all
 * of them. A client whose connection the listener has no room for tries again.
 */
final class SlowClients implements AutoCloseable {
    private static final int RECEIVE_BUFFER = 4096;
    /** More than the buffers of a connection hold. */
    private static final int UNREAD_REQUESTS = 100;
    private static final int KEEP_ALIVE_SECONDS = 10;
    private static final int STATUS_LENGTH = "HTTP/1.1 200".length();

    /** What a client does. */
    enum Habit {
        /** Sends nothing at all. */
        SILENT,
        /** Sends its headers byte by byte. */
        HEADERS,
        /** Announces a body and sends it byte by byte. */
        BODY,
        /** Asks for many documents at once and reads none. */
        UNREAD_ANSWERS,
        /** Asks for the stream of events and does not read it. */
        UNREAD_EVENTS
    }

    /** What became of a client. */
    enum Fate {
        WAITING, CONNECTED, CUT
    }

    private final class Client {
        private final Habit habit;
        private SocketChannel channel;
        private ByteBuffer toSend;
        private Fate fate = Fate.WAITING;
        /** Whether the server has taken a byte or a read has found the connection open: a Unix socket without room says so only then. */
        private boolean open;
        private String answer = "";

        private Client(Habit habit) {
            this.habit = habit;
        }

        private void step() throws Exception {
            try {
                if (fate == Fate.WAITING) {
                    connect();
                } else if (fate == Fate.CONNECTED) {
                    use();
                }
            } catch (IOException e) {
                if (channel != null) {
                    channel.close();
                }
                fate = open ? Fate.CUT : Fate.WAITING;
            }
        }

        private void connect() throws Exception {
            if (channel == null || !channel.isOpen()) {
                channel = door.open();
                if (!(door.address() instanceof UnixDomainSocketAddress)) {
                    channel.setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER);
                    keepAlive(channel);
                }
                channel.configureBlocking(false);
                channel.connect(door.address());
            }
            if (channel.finishConnect()) {
                toSend = ByteBuffer.wrap(opening(habit).getBytes(StandardCharsets.US_ASCII));
                fate = Fate.CONNECTED;
                open = channel.write(toSend) > 0;
            }
        }

        /**
         * The client's kernel can take a connection for established that the server's has dropped because its queue was full. A client that
         * sends nothing would never learn that; a probe is answered by a reset.
         */
        private static void keepAlive(SocketChannel channel) throws IOException {
            channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
            channel.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, KEEP_ALIVE_SECONDS);
            channel.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, KEEP_ALIVE_SECONDS);
        }

        private void use() throws IOException {
            if (toSend.hasRemaining()) {
                channel.write(toSend);
            } else if (habit != Habit.SILENT && habit != Habit.UNREAD_EVENTS) {
                channel.write(ByteBuffer.wrap(new byte[]{'x'})); // fails once the server has closed
            }
            boolean unread = answer.startsWith("HTTP/1.1 200") && habit != Habit.HEADERS && habit != Habit.BODY;
            if (!unread && answer.length() < RECEIVE_BUFFER) {
                read();
            }
        }

        private void read() throws IOException {
            ByteBuffer buffer = ByteBuffer.allocate(STATUS_LENGTH);
            int count = channel.read(buffer);
            open = true;
            if (count < 0) {
                channel.close();
                fate = Fate.CUT;
            } else {
                answer += new String(buffer.array(), 0, count, StandardCharsets.UTF_8);
            }
        }
    }

    private final ApiDoor door;
    private final List<Client> clients = new ArrayList<>();

    SlowClients(ApiDoor door) {
        this.door = door;
    }

    void add(Habit habit, int count) {
        for (int i = 0; i < count; i++) {
            clients.add(new Client(habit));
        }
    }

    private String opening(Habit habit) {
        return switch (habit) {
            case SILENT -> "";
            case HEADERS -> door.head("GET", "/livez") + "X-Slow: ";
            case BODY -> door.head("PUT", "/api/v1/log-level")
                + "Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n";
            case UNREAD_ANSWERS -> (door.head("GET", "/api/v1/openapi.json") + "\r\n").repeat(UNREAD_REQUESTS);
            case UNREAD_EVENTS -> door.head("GET", "/api/v1/events") + "\r\n";
        };
    }

    /** Lets each client do what comes next, once. */
    void step() throws Exception {
        for (Client client : clients) {
            client.step();
        }
    }

    /** Clients by what became of them. */
    Map<Fate, Integer> fates() {
        Map<Fate, Integer> fates = new EnumMap<>(Fate.class);
        clients.forEach(client -> fates.merge(client.fate, 1, Integer::sum));
        return fates;
    }

    /** Clients of a habit by what the answer began with, such as {@code HTTP/1.1 503}; empty if there was none. */
    Map<String, Integer> answers(Habit habit) {
        Map<String, Integer> answers = new TreeMap<>();
        clients.stream().filter(client -> client.habit == habit)
            .forEach(
                client -> answers.merge(client.answer.substring(0, Math.min(STATUS_LENGTH, client.answer.length())), 1,
                    Integer::sum));
        return answers;
    }

    @Override
    public void close() throws IOException {
        for (Client client : clients) {
            if (client.channel != null) {
                client.channel.close();
            }
        }
    }
}
