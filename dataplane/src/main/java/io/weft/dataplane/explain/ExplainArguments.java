package io.weft.dataplane.explain;

import io.weft.dataplane.config.CommandWords;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.encap.address.IpAddress;
import io.weft.encap.packet.Icmp4Header;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.TcpHeader;
import java.nio.file.Path;
import java.util.ArrayList;
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
        CommandWords rest = new CommandWords("explain", words);
        List<String> packet = new ArrayList<>();
        while (!rest.isEmpty()) {
            String word = rest.next();
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

    private void option(String option, CommandWords rest) {
        switch (option) {
            case "--help", "-h" -> help = true;
            case "--config" -> file = Optional.of(Path.of(rest.value(option)));
            case "--set" -> rest.setting(settings);
            case "--run-directory" -> settings.put("runDirectory", rest.value(option));
            case "-o", "--output" -> json = output(rest.value(option));
            case "--from" -> from(rest);
            case "--in" -> port = rest.value(option);
            case "--tunnel-from" -> tunnelFrom = rest.value(option);
            case "--pcap" -> pcap = rest.value(option);
            case "--frame" -> frame = rest.number(option, 1, Integer.MAX_VALUE);
            case "--flags" -> tcpFlags = flags(rest.value(option));
            case "--type" -> icmpType = rest.number(option, 0, 255);
            case "--code" -> icmpCode = rest.number(option, 0, 255);
            case "--id" -> icmpId = rest.number(option, 0, 65_535);
            case "--ttl" -> ttl = rest.number(option, 0, 255);
            case "--length" -> payload = rest.number(option, 0, MAX_PAYLOAD);
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
            default -> CommandWords.number("protocol", word, 0, 255);
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
        return CommandWords.number(what + " port", word.substring(colon + 1), 0, 65_535);
    }

    private void from(CommandWords rest) {
        String kind = rest.value("--from");
        if (!kind.equals("pod")) { throw new IllegalArgumentException("--from " + kind + ": must be --from pod NAME"); }
        pod = rest.value("--from pod");
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
}
