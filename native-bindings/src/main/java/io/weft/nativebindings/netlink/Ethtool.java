package io.weft.nativebindings.netlink;

import static io.weft.nativebindings.netlink.EthtoolAbi.*;
import static io.weft.nativebindings.netlink.NetlinkAbi.*;

import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Queues and offloads of the devices of one network namespace, through ethtool's generic netlink family
 * (Documentation/networking/ethtool-netlink.rst of the kernel). The namespace is that of the thread that opened it; afterwards any thread
 * may call. Cold code.
 */
public final class Ethtool implements AutoCloseable {
    private final NetlinkSocket socket;
    private final GenericFamily family;

    private Ethtool(NetlinkSocket socket, GenericFamily family) {
        this.socket = socket;
        this.family = family;
    }

    /** Opens one in the calling thread's network namespace. */
    public static Ethtool open() {
        return open(ETHTOOL_GENL_NAME);
    }

    /** Opens one in another network namespace; the calling thread stays in its own. */
    public static Ethtool openIn(Path namespace) {
        return NetworkNamespace.call(namespace, Ethtool::open);
    }

    static Ethtool open(String familyName) {
        NetlinkSocket socket = NetlinkSocket.open(NETLINK_GENERIC, 0);
        try {
            String hint = "This kernel lacks ethtool netlink: it needs Linux 5.6 or newer, built with CONFIG_ETHTOOL_NETLINK";
            return new Ethtool(socket, GenericFamily.resolve(socket, familyName, ETHTOOL_GENL_VERSION, hint));
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    @Override
    public void close() {
        socket.close();
    }

    /** Empty if the driver does not report queues, like loopback's. */
    public Optional<Channels> channels(String device) {
        NetlinkRequest request = request(ETHTOOL_MSG_CHANNELS_GET, ETHTOOL_A_CHANNELS_HEADER, device, 0);
        try {
            return socket.query("read channels of " + device, request, message -> true, Ethtool::decodeChannels);
        } catch (LinuxException e) {
            if (e.errno() == Errno.EOPNOTSUPP) { return Optional.empty(); }
            throw e;
        }
    }

    /** Sets the numbers of queues, for the kinds that the driver offers. */
    public void setChannels(String device, Channels channels) {
        NetlinkRequest request = request(ETHTOOL_MSG_CHANNELS_SET, ETHTOOL_A_CHANNELS_HEADER, device, 0);
        addCount(request, ETHTOOL_A_CHANNELS_RX_COUNT, channels.rxMax(), channels.rx());
        addCount(request, ETHTOOL_A_CHANNELS_TX_COUNT, channels.txMax(), channels.tx());
        addCount(request, ETHTOOL_A_CHANNELS_OTHER_COUNT, channels.otherMax(), channels.other());
        addCount(request, ETHTOOL_A_CHANNELS_COMBINED_COUNT, channels.combinedMax(), channels.combined());
        String operation = "set channels of " + device + " to rx " + channels.rx() + ", tx " + channels.tx()
            + ", combined " + channels.combined();
        socket.execute(operation, request);
    }

    /** Every offload that the kernel knows, in the kernel's order. */
    public List<Feature> features(String device) {
        NetlinkRequest request = request(ETHTOOL_MSG_FEATURES_GET, ETHTOOL_A_FEATURES_HEADER, device, 0);
        return socket.query("read features of " + device, request, message -> true, Ethtool::decodeFeatures)
            .orElseThrow(() -> new LinuxException("read features of " + device, Errno.ENODATA));
    }

    /** @param feature a name that {@link Feature#answersTo} accepts; for a group, whether any of it is on */
    public boolean isFeatureOn(String device, String feature) {
        return features(device, feature).stream().anyMatch(Feature::active);
    }

    /**
     * Turns an offload, or a group of them, on or off. Fixed offloads in a group stay as they are.
     *
     * @param feature a name that {@link Feature#answersTo} accepts
     * @throws LinuxException also when the device did not follow: the offload is fixed, or depends on another, or another depends on it
     */
    public void setFeature(String device, String feature, boolean on) {
        String operation = "turn feature " + feature + " of " + device + (on ? " on" : " off");
        List<Feature> group = features(device, feature);
        if (group.stream().allMatch(each -> each.active() == on)) { return; }
        List<Feature> changeable = group.stream().filter(Feature::changeable).toList();
        if (changeable.isEmpty()) {
            throw new LinuxException(operation, Errno.EOPNOTSUPP, "The driver does not allow a change");
        }
        socket.execute(operation, setRequest(device, changeable, on));
        if (features(device, feature).stream().anyMatch(each -> each.changeable() && each.active() != on)) {
            throw new LinuxException(
                operation, Errno.EOPNOTSUPP, "The driver kept it: another feature or setting decides");
        }
    }

    private List<Feature> features(String device, String feature) {
        List<Feature> found = features(device).stream().filter(each -> each.answersTo(feature)).toList();
        if (found.isEmpty()) {
            throw new LinuxException(
                "find feature " + feature + " of " + device,
                Errno.EOPNOTSUPP,
                "The kernel has no feature of this name; `ethtool -k " + device + "` lists them");
        }
        return found;
    }

    private NetlinkRequest setRequest(String device, List<Feature> features, boolean on) {
        NetlinkRequest request = request(ETHTOOL_MSG_FEATURES_SET, ETHTOOL_A_FEATURES_HEADER, device,
            ETHTOOL_FLAG_OMIT_REPLY);
        int bitset = request.begin(ETHTOOL_A_FEATURES_WANTED);
        int bits = request.begin(ETHTOOL_A_BITSET_BITS);
        for (Feature feature : features) {
            int bit = request.begin(ETHTOOL_A_BITSET_BITS_BIT);
            request.string(ETHTOOL_A_BITSET_BIT_NAME, feature.name());
            if (on) {
                request.flag(ETHTOOL_A_BITSET_BIT_VALUE);
            }
            request.end(bit);
        }
        request.end(bits);
        request.end(bitset);
        return request;
    }

    private NetlinkRequest request(int command, int headerAttribute, String device, int flags) {
        NetlinkRequest request = family.request(command);
        int header = request.begin(headerAttribute);
        request.string(ETHTOOL_A_HEADER_DEV_NAME, device);
        if (flags != 0) {
            request.u32(ETHTOOL_A_HEADER_FLAGS, flags);
        }
        request.end(header);
        return request;
    }

    private static void addCount(NetlinkRequest request, int type, int maximum, int count) {
        if (maximum > 0) {
            request.u32(type, count);
        }
    }

    private static Channels decodeChannels(NetlinkMessage message) {
        int[] values = new int[ETHTOOL_A_CHANNELS_COMBINED_COUNT + 1];
        NetlinkAttributes attribute = message.attributes(SIZEOF_GENLMSGHDR);
        while (attribute.next()) {
            if (attribute.type() > ETHTOOL_A_CHANNELS_HEADER && attribute.type() < values.length) {
                values[attribute.type()] = attribute.i32();
            }
        }
        return new Channels(
            values[ETHTOOL_A_CHANNELS_RX_MAX],
            values[ETHTOOL_A_CHANNELS_TX_MAX],
            values[ETHTOOL_A_CHANNELS_OTHER_MAX],
            values[ETHTOOL_A_CHANNELS_COMBINED_MAX],
            values[ETHTOOL_A_CHANNELS_RX_COUNT],
            values[ETHTOOL_A_CHANNELS_TX_COUNT],
            values[ETHTOOL_A_CHANNELS_OTHER_COUNT],
            values[ETHTOOL_A_CHANNELS_COMBINED_COUNT]);
    }

    /** HW lists all bits, set where the driver can change them; ACTIVE and NOCHANGE list only bits that are set. */
    private static List<Feature> decodeFeatures(NetlinkMessage message) {
        List<String> names = new ArrayList<>();
        Set<String> changeable = new HashSet<>();
        Set<String> active = new HashSet<>();
        Set<String> fixed = new HashSet<>();
        NetlinkAttributes attribute = message.attributes(SIZEOF_GENLMSGHDR);
        while (attribute.next()) {
            switch (attribute.type()) {
                case ETHTOOL_A_FEATURES_HW -> readBits(attribute.nested(), names, changeable);
                case ETHTOOL_A_FEATURES_ACTIVE -> active.addAll(readBits(attribute.nested()));
                case ETHTOOL_A_FEATURES_NOCHANGE -> fixed.addAll(readBits(attribute.nested()));
                default -> {}
            }
        }
        return names.stream()
            .map(name -> new Feature(name, active.contains(name), changeable.contains(name) && !fixed.contains(name)))
            .toList();
    }

    private static List<String> readBits(NetlinkAttributes bitset) {
        List<String> names = new ArrayList<>();
        readBits(bitset, names, new HashSet<>());
        return names;
    }

    private static void readBits(NetlinkAttributes bitset, List<String> names, Set<String> withValue) {
        while (bitset.next()) {
            if (bitset.type() == ETHTOOL_A_BITSET_BITS) {
                NetlinkAttributes bits = bitset.nested();
                while (bits.next()) {
                    readBit(bits.nested(), names, withValue);
                }
            }
        }
    }

    private static void readBit(NetlinkAttributes bit, List<String> names, Set<String> withValue) {
        String name = "";
        boolean value = false;
        while (bit.next()) {
            switch (bit.type()) {
                case ETHTOOL_A_BITSET_BIT_NAME -> name = bit.string();
                case ETHTOOL_A_BITSET_BIT_VALUE -> value = true;
                default -> {}
            }
        }
        if (name.isEmpty()) { return; } // a bit that the kernel uses without a name
        names.add(name);
        if (value) {
            withValue.add(name);
        }
    }
}
