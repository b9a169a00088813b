package io.weft.vmlab.traffic;

import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.concurrent.atomic.AtomicLong;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** DNS over UDP: a server that knows one name, and a client that asks for it, each question from a port of its own. */
public final class Dns {
    private static final int MESSAGE_LIMIT = 512; // RFC 1035 section 4.2.1
    private static final int ANSWER_TIMEOUT_MILLIS = 2000;

    private Dns() {}

    /** A running server. */
    public static final class Server implements AutoCloseable {
        private final DatagramChannel channel;
        private final Name name;
        private final InetAddress address;
        private final AtomicLong answered = new AtomicLong();

        private Server(DatagramChannel channel, Name name, InetAddress address) {
            this.channel = channel;
            this.name = name;
            this.address = address;
            Thread.ofPlatform().daemon().name("dns").start(this::serve);
        }

        private void serve() {
            ByteBuffer datagram = ByteBuffer.allocate(MESSAGE_LIMIT);
            while (channel.isOpen()) {
                try {
                    SocketAddress client = channel.receive(datagram.clear());
                    channel.send(ByteBuffer.wrap(answer(new Message(datagram.flip())).toWire(MESSAGE_LIMIT)), client);
                    answered.incrementAndGet();
                } catch (IOException e) {
                    // a malformed question, or the owner closed the channel
                }
            }
        }

        private Message answer(Message query) {
            Message response = new Message(query.getHeader().getID());
            response.getHeader().setFlag(Flags.QR);
            Record question = query.getQuestion();
            response.addRecord(question, Section.QUESTION);
            if (question.getName().equals(name) && question.getType() == Type.A) {
                response.addRecord(new ARecord(name, DClass.IN, 5, address), Section.ANSWER);
            } else {
                response.getHeader().setRcode(Rcode.NXDOMAIN);
            }
            return response;
        }

        /** Number of answers. */
        public long answered() {
            return answered.get();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /** Serves {@code name} with the address {@code address} on {@code listen}. */
    public static Server serve(NamespaceThread pod, InetSocketAddress listen, String name, InetAddress address)
        throws Exception {
        DatagramChannel channel = pod.call(() -> DatagramChannel.open(StandardProtocolFamily.INET).bind(listen));
        return new Server(channel, Name.fromString(name + "."), address);
    }

    /** Asks {@code server} for the A record of {@code name}; fails after 2 s without an answer from that very address. */
    public static InetAddress resolve(NamespaceThread client, InetSocketAddress server, String name) throws Exception {
        Message query = Message.newQuery(Record.newRecord(Name.fromString(name + "."), Type.A, DClass.IN));
        try (DatagramChannel channel = client
            .call(() -> DatagramChannel.open(StandardProtocolFamily.INET).connect(server))) {
            channel.write(ByteBuffer.wrap(query.toWire()));
            channel.socket().setSoTimeout(ANSWER_TIMEOUT_MILLIS);
            byte[] buffer = new byte[MESSAGE_LIMIT];
            java.net.DatagramPacket packet = new java.net.DatagramPacket(buffer, buffer.length);
            channel.socket().receive(packet);
            Message response = new Message(ByteBuffer.wrap(buffer, 0, packet.getLength()));
            for (Record record : response.getSection(Section.ANSWER)) {
                if (record instanceof ARecord a) { return a.getAddress(); }
            }
            throw new IOException("no A record for " + name + " from " + server);
        }
    }
}
