package io.weft.controlplane.ipam;

import io.weft.encap.address.IpAddress;
import io.weft.nativebindings.netlink.Link;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * The alias of the node's end of a pod's veth (IFLA_IFALIAS, shown by {@code ip link}), from which a lost record can be recreated:
 * {@code weft1 ADDRESS PORT ATTACH-ID CONTAINER IFNAME NETWORK NETNS}, separated by single spaces. The attach id is hexadecimal, the network
 * is URL-encoded. Fields that do not fit are left out, the last first; container and interface are kept or left out together.
 *
 * @param key empty if the container id is too long for the alias
 * @param network empty if unknown
 * @param netns empty if unknown
 */
public record DeviceLabel(
    IpAddress podIp, int portId, long attachId, Optional<AttachmentKey> key, String network, String netns) {
    private static final String VERSION = "weft1";
    private static final int MAX_BYTES = Link.IFALIASZ - 2;
    private static final int FIELDS = 8;
    private static final int FIELDS_WITHOUT_KEY = 4;
    private static final int HEX = 16;

    static DeviceLabel of(Attachment attachment) {
        return new DeviceLabel(attachment.podIp(), attachment.portId(), attachment.attachId(),
            Optional.of(attachment.key()).filter(key -> !key.isUnknown()), attachment.network(), attachment.netns());
    }

    /** The alias of an attachment's device. */
    public static String text(Attachment attachment) {
        return of(attachment).text();
    }

    /** @return empty if the alias is not one that Weft writes */
    public static Optional<DeviceLabel> parse(String alias) {
        String[] fields = alias.split(" ", FIELDS);
        if (!fields[0].equals(VERSION) || fields.length != FIELDS && fields.length != FIELDS_WITHOUT_KEY) {
            return Optional.empty();
        }
        try {
            boolean hasKey = fields.length == FIELDS;
            IpAddress podIp = IpAddress.of(fields[1]);
            if (!podIp.isIpv4()) { return Optional.empty(); }
            return Optional.of(new DeviceLabel(podIp, Integer.parseInt(fields[2]),
                Long.parseLong(fields[3], HEX),
                hasKey ? Optional.of(new AttachmentKey(fields[4], fields[5])) : Optional.empty(),
                hasKey ? URLDecoder.decode(fields[6], StandardCharsets.UTF_8) : "", hasKey ? fields[7] : ""));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    String text() {
        String start = String.join(" ", VERSION, podIp.toString(), Integer.toString(portId),
            Long.toHexString(attachId));
        if (key.isEmpty()) { return start; }
        String named = start + " " + key.get().containerId() + " " + key.get().ifName() + " ";
        String withNetwork = named + URLEncoder.encode(network, StandardCharsets.UTF_8) + " ";
        return List.of(withNetwork + netns, withNetwork, named + " ").stream()
            .filter(text -> text.getBytes(StandardCharsets.UTF_8).length <= MAX_BYTES)
            .findFirst()
            .orElse(start);
    }
}
