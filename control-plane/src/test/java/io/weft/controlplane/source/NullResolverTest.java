package io.weft.controlplane.source;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.nodes.NodeId;
import org.yaml.snakeyaml.nodes.Tag;

class NullResolverTest {
    private final NullResolver resolver = new NullResolver();

    @ParameterizedTest
    @ValueSource(strings = {"", "~", "null", "Null", "NULL"})
    void isNull(String value) {
        assertEquals(Tag.NULL, resolver.resolve(NodeId.scalar, value, true));
        assertEquals(Tag.STR, resolver.resolve(NodeId.scalar, value, false)); // in quotes
    }

    @ParameterizedTest
    @ValueSource(strings = {"nULL", "none", "80", "2024-01-01", "true", "10.96.0.1"})
    void isText(String value) {
        assertEquals(Tag.STR, resolver.resolve(NodeId.scalar, value, true));
    }

    @Test
    void collectionsKeepTheirKind() {
        assertEquals(Tag.SEQ, resolver.resolve(NodeId.sequence, null, true));
        assertEquals(Tag.MAP, resolver.resolve(NodeId.mapping, null, true));
    }
}
