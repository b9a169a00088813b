package io.weft.controlplane.ipam;

import io.weft.encap.address.IpAddress;
import io.weft.nativebindings.netlink.Link;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The alias of the node's end of a pod's veth (IFLA_IFALIAS, shown by {@code ip link}), from which a lost record can be recreated:
 * {@code weft2 ADDRESS PORT ATTACH-ID HOST-PORTS CONTAINER IFNAME NETWORK NETNS}, separated by single spaces. The attach id is hexadecimal,
 * the network is URL-encoded, the ports of the node are those of {@link PortMapping#text}, separated by commas, or {@code -}. Fields that do
 * not fit are left out, the last first; then ports, which {@code ...} stands for; container and interface are kept or left out together.
 * Labels of earlier versions begin with {@code weft1} and have no ports.
 *
 * @param portMappings ports of the node that lead to the pod
 * @param hasAllPorts false if there may be others
 * @param key empty if the container id is too long for the alias
 * @param network empty if unknown
 * @param netns empty if unknown
 */
public record DeviceLabel(
    IpAddress podIp, int portId, long attachId, List<PortMapping> portMappings, boolean hasAllPorts,
    Optional<AttachmentKey> key, String network, String netns) {
    private static final String WITHOUT_PORTS = "weft1";
    private static final String VERSION = "weft2";
    private static final int MAX_BYTES = Link.IFALIASZ - 2;
    private static final int FIELDS = 9;
    private static final int FIELDS_WITHOUT_KEY = 5;
    private static final int FIRST_FIELDS = 4;
    private static final int HEX = 16;
    private static final String NONE = "-";
    private static final String MORE = "...";

    public DeviceLabel {
        portMappings = List.copyOf(portMappings);
    }

    static DeviceLabel of(Attachment attachment) {
        return new DeviceLabel(attachment.podIp(), attachment.portId(), attachment.attachId(),
            attachment.portMappings(), true,
            Optional.of(attachment.key()).filter(key -> !key.isUnknown()), attachment.network(), attachment.netns());
    }

    /** The alias of an attachment's device. */
    public static String text(Attachment attachment) {
        return of(attachment).text();
    }

    /** @return empty if the alias is not one that Weft writes */
    public static Optional<DeviceLabel> parse(String alias) {
        String[] fields = fields(alias);
        boolean hasKey = fields.length == FIELDS;
        if (!fields[0].equals(VERSION) || !hasKey && fields.length != FIELDS_WITHOUT_KEY) { return Optional.empty(); }
        try {
            IpAddress podIp = IpAddress.of(fields[1]);
            if (!podIp.isIpv4()) { return Optional.empty(); }
            String ports = fields[FIRST_FIELDS];
            return Optional.of(new DeviceLabel(podIp, Integer.parseInt(fields[2]), Long.parseLong(fields[3], HEX),
                parsePorts(ports), !ports.endsWith(MORE),
                hasKey ? Optional.of(new AttachmentKey(fields[5], fields[6])) : Optional.empty(),
                hasKey ? URLDecoder.decode(fields[7], StandardCharsets.UTF_8) : "", hasKey ? fields[8] : ""));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** As of this version: nobody knows which ports a label without them leaves out. The last field may have blanks. */
    private static String[] fields(String alias) {
        if (!alias.startsWith(WITHOUT_PORTS + " ")) { return alias.split(" ", FIELDS); }
        List<String> fields = new ArrayList<>(List.of(alias.split(" ", FIELDS - 1)));
        fields.set(0, VERSION);
        fields.add(Math.min(FIRST_FIELDS, fields.size()), MORE);
        return fields.toArray(String[]::new);
    }

    private static List<PortMapping> parsePorts(String text) {
        return Stream.of(text.split(",")).filter(each -> !each.equals(NONE) && !each.equals(MORE))
            .map(PortMapping::parse).toList();
    }

    /** @param count of the ports that it names */
    private String ports(int count) {
        Stream<String> named = portMappings.stream().limit(count).map(PortMapping::text);
        boolean complete = hasAllPorts && count == portMappings.size();
        String text = Stream.concat(named, complete ? Stream.of() : Stream.of(MORE)).collect(Collectors.joining(","));
        return text.isEmpty() ? NONE : text;
    }

    String text() {
        String start = String.join(" ", VERSION, podIp.toString(), Integer.toString(portId),
            Long.toHexString(attachId));
        String encoded = URLEncoder.encode(network, StandardCharsets.UTF_8);
        List<String> texts = new ArrayList<>(); // the best first
        for (int count = portMappings.size(); count >= 0 && key.isPresent(); count--) {
            String named = String.join(" ", start, ports(count), key.get().containerId(), key.get().ifName(), "");
            texts.addAll(List.of(named + encoded + " " + netns, named + encoded + " ", named + " "));
        }
        for (int count = portMappings.size(); count > 0; count--) {
            texts.add(start + " " + ports(count));
        }
        return texts.stream().filter(text -> text.getBytes(StandardCharsets.UTF_8).length <= MAX_BYTES).findFirst()
            .orElse(start + " " + ports(0));
    }
}
