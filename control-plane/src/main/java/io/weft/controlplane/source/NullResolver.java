package io.weft.controlplane.source;

import org.yaml.snakeyaml.nodes.NodeId;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * Only distinguishes null from text, by the core schema (YAML 1.2 section 10.3.2): each field parses its own value. Trying every scalar as a
 * number, a date and so on would take a fifth of the time of reading a file.
 */
final class NullResolver extends Resolver {

    @Override
    protected void addImplicitResolvers() {
        // none
    }

    @Override
    public Tag resolve(NodeId kind, String value, boolean implicit) {
        return switch (kind) {
            case scalar -> implicit && isNull(value) ? Tag.NULL : Tag.STR;
            case sequence -> Tag.SEQ;
            default -> Tag.MAP;
        };
    }

    private static boolean isNull(String value) {
        return switch (value) {
            case "", "~", "null", "Null", "NULL" -> true;
            default -> false;
        };
    }
}
