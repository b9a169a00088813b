package io.weft.controlplane.ipam;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.address.IpAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceLabelTest {
    private static final String CONTAINER = "0123456789abcdef".repeat(4);
    private static final String NETNS = "/var/run/netns/cni-5f3a2b1c-0d4e-4f6a-8b7c-9d0e1f2a3b4c";

    @Test
    void aTypicalLabelFits() {
        DeviceLabel label = label(new AttachmentKey(CONTAINER, "eth0"), "my net/work é", NETNS);
        assertEquals("weft2 10.244.1.5 7 abcdef - " + CONTAINER + " eth0 my+net%2Fwork+%C3%A9 " + NETNS, label.text());
        assertEquals(Optional.of(label), DeviceLabel.parse(label.text()));
    }

    @Test
    void portsOfTheNodeAreKeptBeforeNames() {
        AttachmentKey key = new AttachmentKey(CONTAINER, "eth0");
        DeviceLabel label = withPorts(3, true, key, "weft", NETNS);
        assertEquals("weft2 10.244.1.5 7 abcdef 9000/6/80,192.0.2.11:9001/6/80,9002/6/80 " + CONTAINER + " eth0 weft "
            + NETNS, label.text());
        assertEquals(Optional.of(label), DeviceLabel.parse(label.text()));
        assertShortened(withPorts(10, true, key, "weft", ""), withPorts(10, true, key, "weft", NETNS));
        DeviceLabel shortened = DeviceLabel.parse(withPorts(40, true, key, "weft", NETNS).text()).orElseThrow();
        assertEquals(withPorts(shortened.portMappings().size(), false, key, "", ""), shortened);
        assertTrue(shortened.portMappings().size() > 10, shortened.toString());
    }

    /** Nobody knows whether their pods have such ports. */
    @Test
    void readsLabelsOfTheVersionWithoutPorts() {
        AttachmentKey key = new AttachmentKey("c1", "eth0");
        assertEquals(Optional.of(withPorts(0, false, key, "weft", "/a b")),
            DeviceLabel.parse("weft1 10.244.1.5 7 abcdef c1 eth0 weft /a b"));
        assertEquals(Optional.of(withPorts(0, false, null, "", "")), DeviceLabel.parse("weft1 10.244.1.5 7 abcdef"));
    }

    @Test
    void leavesOutTheLastFieldsOfALongLabel() {
        AttachmentKey key = new AttachmentKey(CONTAINER, "eth0");
        assertShortened(label(key, "weft", ""), label(key, "weft", "/" + "n".repeat(200)));
        assertShortened(label(key, "", ""), label(key, "w".repeat(200), "/" + "n".repeat(200)));
        assertShortened(label(null, "", ""), label(new AttachmentKey("c".repeat(300), "eth0"), "weft", "/n"));
    }

    private static void assertShortened(DeviceLabel expected, DeviceLabel label) {
        assertTrue(label.text().getBytes(StandardCharsets.UTF_8).length <= 254, label.text());
        assertEquals(Optional.of(expected), DeviceLabel.parse(label.text()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "weft1", "web server", "weft3 10.244.1.5 7 ab", "weft2 10.244.1.5 7 ab",
        "weft2 10.244.1.5 7 ab 80/6", "weft1 10.244.1.500 7 ab",
        "weft1 10.244.1.5 x ab",
        "weft1 10.244.1.5 7 xyz", "weft1 10.244.1.5 7 ab c1", "weft1 10.244.1.5 7 ab c1 eth0 % /n"})
    void rejectsOtherAliases(String alias) {
        assertEquals(Optional.empty(), DeviceLabel.parse(alias));
    }

    private static DeviceLabel label(AttachmentKey key, String network, String netns) {
        return withPorts(0, true, key, network, netns);
    }

    private static DeviceLabel withPorts(int ports, boolean all, AttachmentKey key, String network, String netns) {
        List<PortMapping> mappings = IntStream.range(0, ports)
            .mapToObj(i -> new PortMapping(i == 1 ? IpAddress.of("192.0.2.11") : IpAddress.ipv4(0), 9000 + i, 6, 80))
            .toList();
        return new DeviceLabel(IpAddress.of("10.244.1.5"), 7, 0xABCDEF, mappings, all, Optional.ofNullable(key),
            network,
            netns);
    }
}
