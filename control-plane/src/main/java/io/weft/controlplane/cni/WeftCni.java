package io.weft.controlplane.cni;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The CNI plug-in {@code weft-cni}: passes the request to the control plane's {@link CniServer} and prints its answer.
 *
 * <p>The socket is the network configuration's {@code socket}, otherwise {@code WEFT_CNI_SOCKET}, otherwise {@value #DEFAULT_SOCKET}. The
 * plug-in answers VERSION itself. While the control plane is down or does not greet, the answer is error 11 (try again later). Uses only
 * the JDK, so that it starts fast.
 *
 * <p>Protocol: the plug-in sends one JSON object and shuts down its output. The server sends {@value #GREETING} as soon as it has accepted
 * the connection; when the request is done it sends the exit status as a line, then what to print.
 */
public final class WeftCni {
    static final String GREETING = "weft-cni 1";
    private static final String DEFAULT_SOCKET = "/run/weft/cni.sock";
    private static final long GREETING_MILLIS = 4000;
    private static final long ANSWER_MILLIS = 60_000;

    private final Map<String, String> environment;
    private final PrintStream out;

    WeftCni(Map<String, String> environment, PrintStream out) {
        this.environment = environment;
        this.out = out;
    }

    public static void main(String[] args) throws IOException {
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        String configuration = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
        int status = new WeftCni(System.getenv(), out).run(configuration);
        out.flush();
        Runtime.getRuntime().halt(status);
    }

    /**
     * Asks the control plane behind {@code socket} whether this node can add pods.
     *
     * @return why it cannot, in one line; empty if it can
     */
    public static Optional<String> status(Path socket) {
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        int status = new WeftCni(Map.of("CNI_COMMAND", "STATUS"),
            new PrintStream(answer, true, StandardCharsets.UTF_8)).run(
                "{\"cniVersion\":"
                    + TopLevelJson.quote(CniVersion.NEWEST) + ",\"socket\":" + TopLevelJson.quote(socket.toString())
                    + "}");
        return status == 0
            ? Optional.empty()
            : Optional.of(TopLevelJson.text(answer.toString(StandardCharsets.UTF_8), "msg", "it gave no reason"));
    }

    /** @return the exit status */
    int run(String configuration) {
        String version = TopLevelJson.text(configuration, "cniVersion", CniVersion.NEWEST);
        String command = environment.getOrDefault("CNI_COMMAND", "");
        if (command.equals("VERSION")) {
            out.println(versions(version));
            return 0;
        }
        if (command.isEmpty()) {
            return error(version, CniErrorCode.INVALID_VARIABLES, "CNI_COMMAND is not set",
                "weft-cni is run by a container runtime");
        }
        return ask(socket(configuration), request(command, configuration), version);
    }

    private int ask(String socket, String request, String version) {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            CountDownLatch greeted = new CountDownLatch(1);
            CountDownLatch done = new CountDownLatch(1);
            closeWhenLate(channel, greeted, done); // connect(2) waits too, if a server that hangs has a full backlog
            channel.connect(UnixDomainSocketAddress.of(socket));
            channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8)));
            channel.shutdownOutput();
            InputStream in = Channels.newInputStream(channel);
            if (!GREETING.equals(line(in))) { return away(version, socket, "it does not answer"); }
            greeted.countDown();
            String status = line(in);
            String answer = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            done.countDown();
            if (!status.matches("[0-9]{1,3}")) {
                return away(version, socket, "it closed the connection before it answered");
            }
            out.print(answer);
            return Integer.parseInt(status);
        } catch (AsynchronousCloseException e) {
            return away(version, socket, "it does not answer");
        } catch (IOException e) {
            return away(version, socket, String.valueOf(e.getMessage()));
        }
    }

    /** Calls on a Unix socket have no timeout of their own; closing the channel ends them. */
    private static void closeWhenLate(SocketChannel channel, CountDownLatch greeted, CountDownLatch done) {
        Thread.ofPlatform().daemon().start(() -> {
            try {
                if (!greeted.await(GREETING_MILLIS, TimeUnit.MILLISECONDS)
                    || !done.await(ANSWER_MILLIS, TimeUnit.MILLISECONDS)) {
                    channel.close();
                }
            } catch (IOException | InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder text = new StringBuilder();
        for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
            text.append((char) c);
        }
        return text.toString();
    }

    private int away(String version, String socket, String why) {
        boolean asksForStatus = environment.getOrDefault("CNI_COMMAND", "").equals("STATUS");
        return error(version, asksForStatus ? CniErrorCode.NOT_AVAILABLE : CniErrorCode.TRY_AGAIN,
            "Weft's control plane is down", socket + ": " + why);
    }

    private int error(String version, int code, String message, String details) {
        out.println("{\"cniVersion\":" + TopLevelJson.quote(version) + ",\"code\":" + code + ",\"msg\":"
            + TopLevelJson.quote(message) + ",\"details\":" + TopLevelJson.quote(details) + "}");
        return 1;
    }

    private static String versions(String version) {
        StringBuilder list = new StringBuilder();
        for (String supported : CniVersion.SUPPORTED) {
            list.append(list.isEmpty() ? "" : ",").append(TopLevelJson.quote(supported));
        }
        return "{\"cniVersion\":" + TopLevelJson.quote(version) + ",\"supportedVersions\":[" + list + "]}";
    }

    private String socket(String configuration) {
        return TopLevelJson.text(configuration, "socket", environment.getOrDefault("WEFT_CNI_SOCKET", DEFAULT_SOCKET));
    }

    private String request(String command, String configuration) {
        return "{\"command\":" + TopLevelJson.quote(command)
            + ",\"containerId\":" + variable("CNI_CONTAINERID")
            + ",\"netns\":" + variable("CNI_NETNS")
            + ",\"ifName\":" + variable("CNI_IFNAME")
            + ",\"args\":" + variable("CNI_ARGS")
            + ",\"configuration\":" + TopLevelJson.quote(configuration) + "}";
    }

    private String variable(String name) {
        return TopLevelJson.quote(environment.getOrDefault(name, ""));
    }
}
