package io.weft.controlplane.journal;

import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import net.openhft.chronicle.bytes.Bytes;

/** Writes the values that the journal consists of; {@link JournalInput} reads them. One thread. */
final class JournalOutput {
    /** In place of a text's number: the text follows. */
    static final int NEW_TEXT = 0;

    private final Bytes<?> bytes = Bytes.allocateElasticOnHeap();
    /** Most texts occur many times: names of namespaces, nodes and ports. Each is written once and then has a number. */
    private final Map<String, Integer> texts = new HashMap<>();

    byte[] toByteArray() {
        return bytes.toByteArray();
    }

    /** In as few bytes as possible: one for 0 to 127. */
    void number(long value) {
        bytes.writeStopBit(value);
    }

    void flag(boolean value) {
        bytes.writeByte((byte) (value ? 1 : 0));
    }

    void text(String value) {
        Integer known = texts.putIfAbsent(value, texts.size() + 1);
        if (known != null) {
            number(known);
            return;
        }
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        number(NEW_TEXT);
        number(utf8.length);
        bytes.write(utf8);
    }

    void address(IpAddress value) {
        byte[] address = value.toBytes();
        number(address.length);
        bytes.write(address);
    }

    void prefix(IpPrefix value) {
        address(value.base());
        number(value.length());
    }

    <T> void list(List<T> values, Consumer<T> writer) {
        number(values.size());
        values.forEach(writer);
    }

    <T> void optional(Optional<T> value, Consumer<T> writer) {
        flag(value.isPresent());
        value.ifPresent(writer);
    }
}
