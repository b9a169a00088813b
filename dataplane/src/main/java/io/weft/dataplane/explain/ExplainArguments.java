package io.weft.dataplane.explain;

import io.weft.dataplane.config.NodeConfiguration;
import io.weft.encap.address.IpAddress;
import io.weft.encap.packet.Icmp4Header;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.TcpHeader;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The command line of {@code weft explain}. Errors are {@link IllegalArgumentException}s of one line. */
final class ExplainArguments {
    static final String USAGE = """
        Usage: weft explain [OPTION]... PROTOCOL SOURCE[:PORT] DESTINATION[:PORT]
               weft explain [OPTION]... --pcap FILE [--frame N]
        Says what this node's dataplane would do with a packet: the nodes it visits, each decision and the table entry behind it, the frames
        that leave, or why it is dropped. Changes nothing and sends nothing. PROTOCOL is tcp, udp, icmp or a number.

          --from pod NAMESPACE/NAME | --from pod ADDRESS   the packet comes from this pod of the node
          --in PORT              it arrives at this port: uplink, weft-host, a device or a port number (weft show ports)
                                 (without these: where the source's packets arrive)
          --tunnel-from NODE     it arrives at the uplink through the tunnel from this node (a name or tunnel endpoint)
          --flags LIST           TCP flags, as in SYN or SYN,ACK (default: SYN)
          --type N  --code N  --id N   ICMP (default: an echo request, 8, 0, with identifier 1)
          --ttl N                time to live (default: 64)
          --length N             bytes of payload (default: 0)
          --no-df                without "don't fragment"
          --pcap FILE            a frame of a pcap or pcapng file instead of a described packet; needs --from or --in
          --frame N              its number, from 1 (default: 1)
          -o, --output FORMAT    table or json (default: table)
          --config FILE, --set KEY=VALUE, --run-directory DIR   as for weft dataplane
        """;

    private static final int MAX_PAYLOAD = Ipv4Header.MAX_TOTAL_LENGTH - Ipv4Header.LENGTH - TcpHeader.LENGTH;
    private static final Map<String, Integer> FLAGS = Map.of("FIN", TcpHeader.FIN, "SYN", TcpHeader.SYN, "RST",
        TcpHeader.RST, "PSH", TcpHeader.PSH, "ACK", TcpHeader.ACK, "URG", TcpHeader.URG);

    private final Map<String, String> settings = new HashMap<>();
    private Optional<Path> file = NodeConfiguration.defaultFile();
    boolean help;
    boolean json;
    String pod = "";
    String port = "";
    String tunnelFrom = "";
    String pcap = "";
    int frame = 1;
    int protocol;
    IpAddress source;
    int sourcePort;
    IpAddress destination;
    int destinationPort;
    int tcpFlags = TcpHeader.SYN;
    int icmpType = Icmp4Header.ICMP_ECHO;
    int icmpCode;
    int icmpId = 1;
    int ttl = Ipv4Header.DEFAULT_TTL;
    int payload;
    boolean dontFragment = true;

    private ExplainArguments() {
    }

    static ExplainArguments parse(String... words) {
        ExplainArguments parsed = new ExplainArguments();
        Deque<String> rest = new ArrayDeque<>(List.of(words));
        List<String> packet = new ArrayList<>();
        while (!rest.isEmpty()) {
            String word = rest.pop();
            if (word.startsWith("-")) {
                parsed.option(word, rest);
            } else {
                packet.add(word);
            }
        }
        if (!parsed.help) {
            parsed.packet(packet);
        }
        return parsed;
    }

    NodeConfiguration configuration() {
        return NodeConfiguration.load(file, settings);
    }

    boolean isCaptured() { return !pcap.isEmpty(); }

    private void option(String option, Deque<String> rest) {
        switch (option) {
            case "--help", "-h" -> help = true;
            case "--config" -> file = Optional.of(Path.of(value(option, rest)));
            case "--set" -> set(value(option, rest));
            case "--run-directory" -> settings.put("runDirectory", value(option, rest));
            case "-o", "--output" -> json = output(value(option, rest));
            case "--from" -> from(rest);
            case "--in" -> port = value(option, rest);
            case "--tunnel-from" -> tunnelFrom = value(option, rest);
            case "--pcap" -> pcap = value(option, rest);
            case "--frame" -> frame = number(option, rest, 1, Integer.MAX_VALUE);
            case "--flags" -> tcpFlags = flags(value(option, rest));
            case "--type" -> icmpType = number(option, rest, 0, 255);
            case "--code" -> icmpCode = number(option, rest, 0, 255);
            case "--id" -> icmpId = number(option, rest, 0, 65_535);
            case "--ttl" -> ttl = number(option, rest, 0, 255);
            case "--length" -> payload = number(option, rest, 0, MAX_PAYLOAD);
            case "--no-df" -> dontFragment = false;
            default -> throw new IllegalArgumentException("unknown option " + option + "; see weft explain --help");
        }
    }

    private void packet(List<String> words) {
        if (!pod.isEmpty() && !port.isEmpty()) {
            throw new IllegalArgumentException("--from and --in exclude each other");
        }
        if (isCaptured() && words.isEmpty()) { return; }
        if (isCaptured() || words.size() != 3) {
            throw new IllegalArgumentException(
                "name a packet as PROTOCOL SOURCE DESTINATION, or a file with --pcap; see weft explain --help");
        }
        protocol = protocol(words.get(0));
        boolean ports = protocol == IpProtocol.IPPROTO_TCP || protocol == IpProtocol.IPPROTO_UDP;
        source = address("source", words.get(1), ports);
        sourcePort = port("source", words.get(1), ports);
        destination = address("destination", words.get(2), ports);
        destinationPort = port("destination", words.get(2), ports);
    }

    private static int protocol(String word) {
        return switch (word.toLowerCase(Locale.ROOT)) {
            case "tcp" -> IpProtocol.IPPROTO_TCP;
            case "udp" -> IpProtocol.IPPROTO_UDP;
            case "icmp" -> IpProtocol.IPPROTO_ICMP;
            case "sctp" -> IpProtocol.IPPROTO_SCTP;
            default -> number("protocol", word, 0, 255);
        };
    }

    private static IpAddress address(String what, String word, boolean hasPort) {
        int colon = word.lastIndexOf(':');
        String address = hasPort && colon >= 0 ? word.substring(0, colon) : word;
        return IpAddress.parse(address).filter(IpAddress::isIpv4)
            .orElseThrow(
                () -> new IllegalArgumentException(what + " " + word + ": " + address + " is no IPv4 address"));
    }

    private static int port(String what, String word, boolean hasPort) {
        if (!hasPort) { return 0; }
        int colon = word.lastIndexOf(':');
        if (colon < 0) { throw new IllegalArgumentException(what + " " + word + ": must be ADDRESS:PORT"); }
        return number(what + " port", word.substring(colon + 1), 0, 65_535);
    }

    private void from(Deque<String> rest) {
        String kind = value("--from", rest);
        if (!kind.equals("pod")) { throw new IllegalArgumentException("--from " + kind + ": must be --from pod NAME"); }
        pod = value("--from pod", rest);
    }

    private static boolean output(String format) {
        return switch (format.toLowerCase(Locale.ROOT)) {
            case "json" -> true;
            case "table" -> false;
            default -> throw new IllegalArgumentException("--output " + format + ": must be table or json");
        };
    }

    private static int flags(String list) {
        int flags = 0;
        for (String name : list.split("[,|]")) {
            Integer flag = FLAGS.get(name.toUpperCase(Locale.ROOT));
            if (flag == null && !(name.isEmpty() || name.equalsIgnoreCase("none"))) {
                throw new IllegalArgumentException(
                    "--flags " + list + ": " + name + " is none of FIN SYN RST PSH ACK URG");
            }
            flags |= flag == null ? 0 : flag;
        }
        return flags;
    }

    private void set(String setting) {
        int equals = setting.indexOf('=');
        if (equals < 1) { throw new IllegalArgumentException("--set " + setting + ": must be KEY=VALUE"); }
        settings.put(setting.substring(0, equals), setting.substring(equals + 1));
    }

    private static String value(String option, Deque<String> rest) {
        if (rest.isEmpty()) { throw new IllegalArgumentException(option + " needs a value; see weft explain --help"); }
        return rest.pop();
    }

    private static int number(String option, Deque<String> rest, int min, int max) {
        return number(option, value(option, rest), min, max);
    }

    private static int number(String what, String word, int min, int max) {
        try {
            int number = Integer.parseInt(word);
            if (number >= min && number <= max) { return number; }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(what + " " + word + " is no number", e);
        }
        throw new IllegalArgumentException(what + " " + word + ": must be from " + min + " to " + max);
    }
}
