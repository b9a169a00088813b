package io.weft.dataplane.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ChangedAddressesTest {
    private final ChangedAddresses changed = new ChangedAddresses();

    @Test
    void holdsThePrefixesThatWereAdded() {
        Random random = new Random(7);
        List<IpPrefix> prefixes = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            int length = random.nextInt(16, 33);
            prefixes.add(IpPrefix.containing(IpAddress.ipv4(random.nextInt()), length));
            changed.add(prefixes.getLast().base().toInt(), length);
        }
        for (int i = 0; i < 20_000; i++) {
            IpPrefix near = prefixes.get(random.nextInt(prefixes.size()));
            int address = near.base().toInt() ^ random.nextInt() >>> random.nextInt(1, 32);
            assertEquals(prefixes.stream().anyMatch(prefix -> prefix.contains(IpAddress.ipv4(address))),
                changed.contains(address),
                Ipv4Address.format(address));
        }
        assertFalse(changed.isEverything());
    }

    @Test
    void isEmptyAgainWhenCleared() {
        changed.add(5, 32);
        assertFalse(changed.isEmpty());
        changed.clear();
        assertTrue(changed.isEmpty());
        assertFalse(changed.contains(5));
        changed.addEverything();
        assertFalse(changed.isEmpty());
        changed.clear();
        assertTrue(changed.isEmpty());
    }

    @Test
    void addsAnotherSet() {
        ChangedAddresses others = new ChangedAddresses();
        others.add(Ipv4Address.of("10.0.0.0"), 24);
        changed.add(Ipv4Address.of("10.1.0.1"), 32);
        changed.addAll(others);
        assertTrue(changed.contains(Ipv4Address.of("10.0.0.255")));
        assertTrue(changed.contains(Ipv4Address.of("10.1.0.1")));
        assertFalse(changed.contains(Ipv4Address.of("10.0.1.0")));
        others.addEverything();
        changed.addAll(others);
        assertTrue(changed.contains(Ipv4Address.of("10.0.1.0")));
    }

    @Test
    void tooManyPrefixesAreEverything() {
        for (int i = 0; i < ChangedAddresses.CAPACITY; i++) {
            changed.add(i, 32);
            changed.add(i, 32);
        }
        assertFalse(changed.isEverything());
        changed.add(-1, 32);
        assertTrue(changed.contains(-2));
    }

    @Test
    void thePrefixOfLengthZeroIsEverything() {
        changed.add(0, 0);
        assertTrue(changed.isEverything());
    }
}
