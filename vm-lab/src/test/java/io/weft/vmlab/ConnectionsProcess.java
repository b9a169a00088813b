package io.weft.vmlab;

import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.net.NamespaceThread;
import io.weft.vmlab.traffic.ConcurrentConnections;
import io.weft.vmlab.traffic.TcpEcho;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The clients or the server of many connections, in a process of its own, because a process may have only so many descriptors. It answers each line
 * that it gets with one, and ends with its standard input.
 */
final class ConnectionsProcess implements AutoCloseable {
    private static final String SERVE = "serve";
    private static final String CONNECT = "connect";
    private final Process process;
    private final BufferedReader answers;
    private final PrintStream questions;

    private ConnectionsProcess(List<String> arguments) throws IOException {
        List<String> all = new ArrayList<>(List.of("--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-cp",
            System.getProperty("java.class.path"), ConnectionsProcess.class.getName()));
        all.addAll(arguments);
        process = ExternalCommand.java(all).builder()
            .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        answers = process.inputReader(StandardCharsets.US_ASCII);
        questions = new PrintStream(process.getOutputStream(), true, StandardCharsets.US_ASCII);
    }

    /** Starts an echo server, and returns once it listens. */
    static ConnectionsProcess serve(Path netns, InetSocketAddress at) throws IOException {
        return started(List.of(SERVE, netns.toString(), text(at), "" + at.getPort()));
    }

    /** Opens connections; they are open when it returns. @throws IOException if not all could be opened */
    static ConnectionsProcess connect(Path netns, List<InetAddress> sources, InetSocketAddress target, int count)
        throws IOException {
        List<String> arguments = new ArrayList<>(List.of(CONNECT, netns.toString(), text(target), "" + target.getPort(),
            "" + count));
        sources.forEach(source -> arguments.add(source.getHostAddress()));
        ConnectionsProcess clients = started(arguments);
        String opened = clients.ask(0);
        if (!opened.equals("" + count)) {
            clients.close();
            throw new IOException(opened + " of " + count + " connections could be opened");
        }
        return clients;
    }

    private static String text(InetSocketAddress address) {
        return address.getAddress().getHostAddress();
    }

    private static ConnectionsProcess started(List<String> arguments) throws IOException {
        ConnectionsProcess started = new ConnectionsProcess(arguments);
        String first = started.answers.readLine();
        if (first == null || !first.equals("ready")) {
            started.close();
            throw new IOException("the process for connections did not start: " + first);
        }
        return started;
    }

    /** Has every connection echo a number of its own. @return how many did */
    int echo(long first) throws IOException {
        return Integer.parseInt(ask(first));
    }

    private String ask(long question) throws IOException {
        questions.println(question);
        String answer = answers.readLine();
        if (answer == null) { throw new IOException("the process for connections has ended"); }
        return answer;
    }

    @Override
    public void close() {
        questions.close();
        process.onExit().join();
    }

    // -- in the process ----------------------------------------------------------------------------------------------

    public static void main(String[] arguments) throws Exception {
        BufferedReader questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        InetSocketAddress address = new InetSocketAddress(LabPlan.ip(arguments[2]), Integer.parseInt(arguments[3]));
        try (NamespaceThread place = new NamespaceThread(Path.of(arguments[1]))) {
            if (arguments[0].equals(SERVE)) {
                try (TcpEcho _ = TcpEcho.serve(place, address)) {
                    System.out.println("ready");
                    while (questions.readLine() != null) {
                        // until the end
                    }
                }
            } else {
                List<InetAddress> sources = Arrays.stream(arguments, 5, arguments.length).map(LabPlan::ip).toList();
                System.out.println("ready");
                questions.readLine();
                try (ConcurrentConnections connections = ConcurrentConnections.open(place, sources, address,
                    Integer.parseInt(arguments[4]))) {
                    System.out.println(connections.failures().isEmpty() ? "" + connections.size() : connections);
                    for (String line = questions.readLine(); line != null; line = questions.readLine()) {
                        System.out.println(connections.echo(Long.parseLong(line)));
                    }
                }
            }
        }
    }
}
