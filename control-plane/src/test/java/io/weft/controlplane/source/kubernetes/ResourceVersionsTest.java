package io.weft.controlplane.source.kubernetes;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResourceVersionsTest {

    @ParameterizedTest
    @CsvSource({"1,2", "9,10", "99,100", "123,124", "18446744073709551615,18446744073709551616"})
    void wholeNumbersAreInOrder(String older, String newer) {
        assertTrue(ResourceVersions.isOlder(older, newer));
        assertFalse(ResourceVersions.isOlder(newer, older));
        assertFalse(ResourceVersions.isOlder(older, older));
        assertTrue(ResourceVersions.isNotNewer(older, older));
    }

    @ParameterizedTest
    @CsvSource({"'',1", "0,1", "01,2", "a,b", "1a,2", "-1,2", "１,2"})
    void othersHaveNone(String version, String number) {
        assertFalse(ResourceVersions.isOlder(version, number));
        assertFalse(ResourceVersions.isOlder(number, version));
        assertTrue(ResourceVersions.isNotNewer(version, version));
    }
}
