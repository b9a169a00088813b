package io.weft.nativebindings.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EthtoolTest {
    private TestNamespace node;
    private Ethtool ethtool;

    @BeforeEach
    void createVeth() {
        node = new TestNamespace();
        node.rtnetlink.createVeth(VethSpec.of("near", "far").withQueues(2));
        ethtool = Ethtool.openIn(node.path);
    }

    @AfterEach
    void deleteNamespace() {
        if (ethtool != null) {
            ethtool.close();
        }
        if (node != null) {
            node.close();
        }
    }

    @Test
    void readsChannelsOfAVeth() {
        Channels channels = ethtool.channels("near").orElseThrow();
        assertEquals(new Channels(2, 2, 0, 0, 2, 2, 0, 0), channels.withQueues(2));
        assertEquals(2, channels.maximumQueues());
    }

    @Test
    void setsAndRestoresChannels() {
        Channels before = ethtool.channels("near").orElseThrow();
        for (int queues = 1; queues <= 2; queues++) {
            ethtool.setChannels("near", before.withQueues(queues));
            Channels after = ethtool.channels("near").orElseThrow();
            assertEquals(queues, after.receiveQueues());
            assertEquals(queues, after.transmitQueues());
        }
        ethtool.setChannels("near", before);
        assertEquals(Optional.of(before), ethtool.channels("near"));
    }

    @Test
    void tooManyChannelsAreRefusedWithTheKernelsReason() {
        Channels channels = ethtool.channels("near").orElseThrow();
        LinuxException refused = assertThrows(LinuxException.class,
            () -> ethtool.setChannels("near", channels.withQueues(64)));
        assertEquals(
            "set channels of near to rx 64, tx 64, combined 0: EINVAL (22) Invalid argument."
                + " The kernel says: requested channel count exceeds maximum",
            refused.getMessage());
    }

    @Test
    void loopbackHasNoChannels() {
        assertEquals(Optional.empty(), ethtool.channels("lo"));
    }

    @Test
    void combinedChannelsServeBothDirections() {
        Channels nic = new Channels(0, 0, 1, 8, 0, 0, 1, 8).withQueues(3);
        assertEquals(3, nic.receiveQueues());
        assertEquals(3, nic.transmitQueues());
        assertEquals(8, nic.maximumQueues());
        assertEquals(1, nic.other());
    }

    @Test
    void readsFeaturesAsEthtoolPrintsThem() {
        String printed = node.output("ethtool", "-k", "near");
        Map<String, Feature> features = ethtool.features("near").stream()
            .collect(Collectors.toMap(Feature::name, Function.identity()));
        long compared = printed.lines()
            .map(line -> line.strip().split(": ", 2))
            .filter(parts -> parts.length == 2 && features.containsKey(parts[0]))
            .peek(parts -> {
                Feature feature = features.get(parts[0]);
                assertEquals(parts[1].startsWith("on"), feature.active(), parts[0]);
                assertEquals(!parts[1].contains("[fixed]"), feature.changeable(), parts[0]);
            })
            .count();
        assertTrue(compared > 30, printed);
    }

    @Test
    void turnsFeaturesOffAndOnByShortName() {
        for (String feature : new String[]{"gro", "tso", "tx", "rx", "gso"}) {
            boolean before = ethtool.isFeatureOn("near", feature);
            ethtool.setFeature("near", feature, !before);
            assertEquals(!before, ethtool.isFeatureOn("near", feature), feature);
            ethtool.setFeature("near", feature, before);
            assertEquals(before, ethtool.isFeatureOn("near", feature), feature);
        }
    }

    @Test
    void turningTransmitChecksumsOffStopsSegmentationToo() {
        ethtool.setFeature("near", "tx", false);
        assertFalse(ethtool.isFeatureOn("near", "tx-tcp-segmentation"));
        LinuxException refused = assertThrows(LinuxException.class,
            () -> ethtool.setFeature("near", "tx-tcp-segmentation", true));
        assertEquals(Errno.EOPNOTSUPP, refused.errno());
        assertTrue(refused.getMessage().endsWith("The driver kept it: another feature or setting decides"));
    }

    @Test
    void fixedFeatureIsKeptOrRefused() {
        ethtool.setFeature("near", "lro", false);
        LinuxException refused = assertThrows(LinuxException.class, () -> ethtool.setFeature("near", "lro", true));
        assertEquals(
            "turn feature lro of near on: EOPNOTSUPP (95) Operation not supported. The driver does not allow a change",
            refused.getMessage());
    }

    @Test
    void unknownFeatureDeviceAndFamilyAreNamed() {
        LinuxException feature = assertThrows(LinuxException.class, () -> ethtool.setFeature("near", "warp", true));
        assertTrue(feature.getMessage().startsWith("find feature warp of near: "), feature.getMessage());
        LinuxException device = assertThrows(LinuxException.class, () -> ethtool.channels("nowhere"));
        assertTrue(device.getMessage().startsWith("read channels of nowhere: ENODEV (19)"), device.getMessage());
        LinuxException family = assertThrows(LinuxException.class, () -> Ethtool.open("nlt-missing"));
        assertTrue(
            family.getMessage().startsWith("find generic netlink family nlt-missing: ENOENT (2)"),
            family.getMessage());
        assertTrue(family.getMessage().contains("CONFIG_ETHTOOL_NETLINK"), family.getMessage());
    }
}
